// SPDX-License-Identifier: Apache-2.0
#include "server/convert/advise.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/text/change.h"
#include "proto/text/question.h"

#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"
#include "server/convert/what_if.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

pb::AdviceKind ToMessage(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kGate:
      return pb::ADVICE_KIND_GATE;
    case AdviceKind::kModel:
      return pb::ADVICE_KIND_MODEL;
    case AdviceKind::kCache:
      return pb::ADVICE_KIND_CACHE;
    case AdviceKind::kContext:
      return pb::ADVICE_KIND_CONTEXT;
    case AdviceKind::kOutliers:
      return pb::ADVICE_KIND_OUTLIERS;
    case AdviceKind::kRunaway:
      return pb::ADVICE_KIND_RUNAWAY;
  }
  return pb::ADVICE_KIND_UNSPECIFIED;
}

// Returns "61%", rounded down.
std::string PercentOf(Picos part, Picos whole) {
  return absl::StrCat(whole == 0 ? 0 : static_cast<int64_t>(part * 100 / whole), "%");
}

std::string OutliersText(const StepFacts& facts) {
  const std::string trait =
      facts.trait.empty()
          ? ""
          : absl::StrCat("; ", facts.trait_outliers, " of them have the ", facts.trait_kind, " ",
                         facts.trait, ", as have ", PercentOf(facts.trait_calls, facts.calls),
                         " of all calls");
  return absl::StrCat(facts.outliers, " outliers make ",
                      PercentOf(facts.outlier_spend, facts.spend),
                      " of the step's spend, with a median of ", facts.outlier_input_p50,
                      " input tokens against ", facts.input_p50, trait, ".");
}

std::string EvidenceOf(const Advice& advice) {
  const StepFacts& facts = advice.facts;
  switch (advice.kind) {
    case AdviceKind::kGate: {
      const GateOutcome gate = advice.outcome.gate.value_or(GateOutcome());
      return absl::StrCat(gate.unused_runs, " of ", gate.runs,
                          " complete runs did not use what the step made, which is ",
                          PercentOf(facts.unsurfaced, facts.spend), " of its spend.");
    }
    case AdviceKind::kModel:
      return absl::StrCat("95% of ", facts.calls, " calls, most of the spend on ", facts.model,
                          ", answer with at most ", facts.output_p95, " tokens.");
    case AdviceKind::kCache:
      return absl::StrCat("Prompts hardly differ in length (median ", facts.input_p50,
                          " tokens, p95 ", facts.input_p95, "), and ",
                          PercentOf(facts.cached_tokens, facts.input_tokens),
                          " of what goes in is read from a cache.");
    case AdviceKind::kContext:
      return absl::StrCat("A call takes ", facts.input_mean, " input tokens on average, and took ",
                          facts.input_mean_before.value_or(0), " in the window before.");
    case AdviceKind::kOutliers:
      return OutliersText(facts);
    case AdviceKind::kRunaway:
      return absl::StrCat("One call in twenty takes ", facts.input_p95,
                          " input tokens or more, and half take ", facts.input_p50, " at most.");
  }
  return "";
}

std::string UnknownOf(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kGate:
      return "What the gate itself costs, and whether it can tell in time which runs need the "
             "step.";
    case AdviceKind::kModel:
      return "Whether the other model's answers are good enough; try it on recorded inputs first.";
    case AdviceKind::kCache:
      return "Whether prompts begin alike; only their lengths are recorded.";
    case AdviceKind::kContext:
      return "Whether the answers need what was added.";
    case AdviceKind::kOutliers:
      return "Whether the dear calls needed all that they were given.";
    case AdviceKind::kRunaway:
      return "Whether the long prompts needed all that they had in them.";
  }
  return "";
}

// How much of the saving is measured rather than assumed.
const char* ConfidenceOf(const Advice& advice) {
  constexpr int64_t kManyRuns = 100;
  if (advice.kind == AdviceKind::kGate) {
    return advice.outcome.gate.has_value() && advice.outcome.gate->runs >= kManyRuns ? "high"
                                                                                     : "medium";
  }
  return advice.kind == AdviceKind::kCache || advice.kind == AdviceKind::kContext ? "medium"
                                                                                  : "low";
}

std::string WindowOptions(const Window& window) {
  if (!window.last_us.has_value()) {
    return absl::StrCat(" --from ", FormatTime(window.range.start_us), " --to ",
                        FormatTime(window.range.end_us));
  }
  const bool is_days = *window.last_us % kMicrosPerDay == 0;
  return absl::StrCat(" --window ", *window.last_us / (is_days ? kMicrosPerDay : kMicrosPerHour),
                      is_days ? "d" : "h");
}

// Returns the command line that tests a change over the same calls.
std::string WhatIfLine(const StepChange& change, const AdviseQuery& query) {
  const std::string option = text::ChangeText(ToChangeMessage(change));
  const size_t space = option.find(' ');
  std::string line =
      absl::StrCat("itemize what-if ", option.substr(0, space + 1),
                   text::ShellWord(option.substr(space + 1)), WindowOptions(query.window));
  const std::pair<NameKind, const char*> kNames[] = {{NameKind::kWorkflow, "--workflow"},
                                                     {NameKind::kProvider, "--provider"}};
  for (const auto& [kind, name] : kNames) {
    if (query.filter[kind].has_value()) {
      absl::StrAppend(&line, " ", name, " ", text::ShellWord(*query.filter[kind]));
    }
  }
  for (const auto& [key, value] : query.filter.attributes) {
    absl::StrAppend(&line, " --attribute ", text::ShellWord(absl::StrCat(key, "=", value)));
  }
  return line;
}

}  // namespace

absl::StatusOr<AdviseQuery> ToAdviseQuery(const pb::AdviseRequest& request) {
  AdviseQuery query;
  ASSIGN_OR_RETURN(query.window, ToWindow(request.window()));
  ASSIGN_OR_RETURN(query.filter, ToCallFilter(request.filter()));
  RETURN_IF_ERROR(CheckLimit(request.limit()));
  if (request.filter().has_model()) {
    return absl::InvalidArgumentError(
        "Advice is about all models of a step, since \"itemize what-if\", which tests it, replays "
        "them all; leave the filter by model out.");
  }
  return query;
}

pb::AdviseResponse ToAdviseResponse(const AdviseAnswer& answer, const AdviseQuery& query,
                                    int32_t limit) {
  pb::AdviseResponse to;
  *to.mutable_window() = ToWindowMessage(answer.range);
  to.set_spend_usd(FormatUsd(answer.spend));
  const size_t all = answer.rows.size();
  const size_t shown = limit > 0 ? std::min(all, static_cast<size_t>(limit)) : all;
  for (size_t i = 0; i < shown; ++i) {
    const Advice& advice = answer.rows[i];
    pb::AdviceRow& row = *to.add_rows();
    row.set_step(advice.step);
    row.set_kind(ToMessage(advice.kind));
    row.set_saving_usd(FormatUsd(advice.outcome.saving));
    row.set_saving_30d_usd(FormatUsd(advice.outcome.saving_30d));
    row.set_what_if(WhatIfLine(advice.change, query));
    row.set_evidence(EvidenceOf(advice));
    row.set_unknown(UnknownOf(advice.kind));
    row.set_confidence(ConfidenceOf(advice));
  }
  to.set_rows_omitted(static_cast<int64_t>(all - shown));
  return to;
}

}  // namespace itemized::server
