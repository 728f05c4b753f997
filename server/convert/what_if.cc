// SPDX-License-Identifier: Apache-2.0
#include "server/convert/what_if.h"

#include <cstdint>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "proto/text/change.h"

#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"
#include "storage/base/money.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

static_assert(kShareWhole == kPicosPerUsd, "shares are read and written as amounts are");

// Reads a decimal of at most twelve digits after the point, which fits 63 bits; 0 for "".
absl::StatusOr<int64_t> ToParts(const std::string& text, absl::string_view what,
                                const std::string& step) {
  if (text.empty()) {
    return 0;
  }
  const absl::StatusOr<Picos> parts = ParseUsd(text);
  if (!parts.ok() || *parts > Picos(INT64_MAX) || *parts < Picos(INT64_MIN)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The ", what, " in the change of step ", Quoted(step), " is ", Quoted(text),
                     "; give a decimal number such as 0.61, of at most 12 digits after the "
                     "point and below 9,000,000."));
  }
  return static_cast<int64_t>(*parts);
}

absl::StatusOr<Gate> ToGate(const pb::StepChange& change) {
  Gate gate;
  if (!change.gate().skip().empty()) {
    ASSIGN_OR_RETURN(gate.skip, ToParts(change.gate().skip(), "skip", change.step()));
  }
  ASSIGN_OR_RETURN(gate.cost, ToParts(change.gate().cost_usd(), "cost_usd", change.step()));
  ASSIGN_OR_RETURN(gate.setup, ToParts(change.gate().setup_usd(), "setup_usd", change.step()));
  return gate;
}

absl::Status SetChange(const pb::StepChange& from, StepChange* to) {
  switch (from.change_case()) {
    case pb::StepChange::kModel:
      to->what = ModelSwap{.model = from.model().model(), .provider = from.model().provider()};
      return absl::OkStatus();
    case pb::StepChange::kGate: {
      ASSIGN_OR_RETURN(to->what, ToGate(from));
      return absl::OkStatus();
    }
    case pb::StepChange::kCapInput:
      to->what = InputCap{.tokens = from.cap_input().tokens()};
      return absl::OkStatus();
    case pb::StepChange::kCache: {
      if (from.cache().share().empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat("The change of step ", Quoted(from.step()),
                         " has no cache.share; give one from 0 to 1, such as 0.8."));
      }
      ASSIGN_OR_RETURN(const int64_t share, ToParts(from.cache().share(), "share", from.step()));
      to->what = CacheShare{.share = share};
      return absl::OkStatus();
    }
    case pb::StepChange::kBatch:
      to->what = BatchTier();
      return absl::OkStatus();
    case pb::StepChange::kDrop:
      to->what = DropStep();
      return absl::OkStatus();
    case pb::StepChange::CHANGE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("A change of step ", Quoted(from.step()),
                   " does not say what it does; set one of model, gate, cap_input, cache, batch "
                   "and drop."));
}

// Returns the change as it was asked for.
}  // namespace

pb::StepChange ToChangeMessage(const StepChange& change) {
  pb::StepChange message;
  message.set_step(change.step);
  if (const auto* const swap = std::get_if<ModelSwap>(&change.what)) {
    message.mutable_model()->set_model(swap->model);
    message.mutable_model()->set_provider(swap->provider);
  } else if (const auto* const gate = std::get_if<Gate>(&change.what)) {
    pb::Gate& to = *message.mutable_gate();
    to.set_skip(gate->skip.has_value() ? FormatUsd(*gate->skip) : "");
    to.set_cost_usd(gate->cost != 0 ? FormatUsd(gate->cost) : "");
    to.set_setup_usd(gate->setup != 0 ? FormatUsd(gate->setup) : "");
  } else if (const auto* const cap = std::get_if<InputCap>(&change.what)) {
    message.mutable_cap_input()->set_tokens(cap->tokens);
  } else if (const auto* const cache = std::get_if<CacheShare>(&change.what)) {
    message.mutable_cache()->set_share(FormatUsd(cache->share));
  } else if (std::holds_alternative<BatchTier>(change.what)) {
    message.mutable_batch();
  } else {
    message.mutable_drop();
  }
  return message;
}

namespace {

pb::GateBreakEven ToBreakEven(const GateOutcome& gate) {
  pb::GateBreakEven message;
  message.set_skip(FormatUsd(gate.skip));
  message.set_skip_is_measured(gate.is_measured);
  message.set_runs(gate.runs);
  message.set_unused_runs(gate.unused_runs);
  if (gate.break_even_skip.has_value()) {
    message.set_break_even_skip(FormatUsd(*gate.break_even_skip));
  }
  if (gate.break_even_calls.has_value()) {
    message.set_break_even_calls(*gate.break_even_calls);
  }
  return message;
}

pb::WhatIfChange ToChange(const ChangeOutcome& outcome, const StepChange& change) {
  pb::WhatIfChange message;
  message.set_change(text::ChangeText(ToChangeMessage(change)));
  message.set_saving_usd(FormatUsd(outcome.saving));
  message.set_saving_30d_usd(FormatUsd(outcome.saving_30d));
  message.set_step(change.step);
  message.set_calls(outcome.calls);
  message.set_changed_calls(outcome.counts.changed);
  if (outcome.gate.has_value()) {
    *message.mutable_gate() = ToBreakEven(*outcome.gate);
  }
  return message;
}

}  // namespace

absl::StatusOr<WhatIfQuery> ToWhatIfQuery(const pb::WhatIfRequest& request) {
  WhatIfQuery query;
  ASSIGN_OR_RETURN(query.window, ToWindow(request.window()));
  ASSIGN_OR_RETURN(query.filter, ToCallFilter(request.filter()));
  if (static_cast<size_t>(request.changes_size()) > kChangesMax) {
    return absl::InvalidArgumentError(absl::StrCat("There are ", request.changes_size(),
                                                   " changes; ask for at most ", kChangesMax, "."));
  }
  for (const pb::StepChange& from : request.changes()) {
    const size_t longest =
        std::max({from.step().size(), from.model().model().size(), from.model().provider().size()});
    if (longest > kNameBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          "A name in a change has ", longest, " bytes; give one of at most ", kNameBytesMax, "."));
    }
    StepChange& to = query.changes.emplace_back();
    to.step = from.step();
    RETURN_IF_ERROR(SetChange(from, &to));
  }
  return query;
}

pb::WhatIfResponse ToWhatIfResponse(const WhatIfAnswer& answer, const WhatIfQuery& query) {
  pb::WhatIfResponse response;
  *response.mutable_window() = ToWindowMessage(answer.range);
  response.set_before_usd(FormatUsd(answer.before));
  response.set_after_usd(FormatUsd(answer.after));
  const Picos saving = answer.before - answer.after;
  response.set_saving_usd(FormatUsd(saving));
  response.set_saving_30d_usd(FormatUsd(answer.saving_30d));
  response.set_saving_share(
      answer.before == 0 ? 0 : static_cast<double>(saving) / static_cast<double>(answer.before));
  for (size_t i = 0; i < query.changes.size(); ++i) {
    *response.add_changes() = ToChange(answer.changes[i], query.changes[i]);
  }
  response.set_unpriced_calls(answer.unpriced_calls);
  for (std::string& sentence : AssumptionsOf(answer, query)) {
    response.add_assumptions(std::move(sentence));
  }
  return response;
}

}  // namespace itemized::server
