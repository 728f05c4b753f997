// SPDX-License-Identifier: Apache-2.0
// What stands out: waste, changes, outliers, advice, and what has no price.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/text/json.h"

#include "client/cli/format.h"
#include "client/cli/report/sections.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

ReportTable ReasonsTable(const pb::GetWastedResponse& wasted) {
  ReportTable table{.columns = {{"Reason", "reason"},
                                {"Wasted", "wasted_usd", true},
                                {"Of spend", "share", true},
                                {"Calls", "calls", true}}};
  for (const pb::WastedReasonRow& row : wasted.reasons()) {
    const std::string reason = text::EnumText(row.reason());
    ReportCell share = SharePercent(ShareOf(row.wasted_usd(), wasted.spend_usd()));
    share.share = ShareOf(row.wasted_usd(), wasted.spend_usd());
    table.rows.push_back({{.text = WordsOf(reason), .value = reason},
                          MoneyOf(row.wasted_usd(), Tone::kStrong),
                          share,
                          CountOf(row.calls())});
  }
  return table;
}

ReportTable CausesTable(const pb::CompareResponse& change) {
  ReportTable table{.columns = {{"Cause", "cause"},
                                {"Change", "change_usd", true},
                                {"Of before", "share", true}}};
  for (const auto& [cause, usd] : CausesBySize(change.causes())) {
    ReportCell share{.text = kNothing};
    if (AmountOf(change.before_usd()) != 0) {
      const double part = ShareOf(usd, change.before_usd());
      share = {.text = absl::StrCat(part > 0 ? "+" : "-", Percent(part > 0 ? part : -part)),
               .value = absl::StrCat(part)};
    }
    table.rows.push_back({{.text = WordsOf(cause), .value = cause}, ChangeOf(usd), share});
  }
  return table;
}

ReportTable ChangedStepsTable(const pb::CompareResponse& change) {
  ReportTable table{.columns = {{"Step", "key"},
                                {"Before", "before_usd", true},
                                {"After", "after_usd", true},
                                {"Change", "change_usd", true},
                                {"By cause", "causes"},
                                {"p50 time", "p50_duration"}}};
  for (const pb::CompareRow& row : change.rows()) {
    std::vector<std::string> causes;
    std::vector<std::string> values;
    for (const auto& [cause, usd] : CausesBySize(row.causes())) {
      causes.push_back(absl::StrCat(WordsOf(cause), " ", ChangeText(usd)));
      values.push_back(absl::StrCat(cause, "=", usd));
    }
    table.rows.push_back(
        {NameOf(row.key()),
         MoneyOf(row.before_usd()),
         MoneyOf(row.after_usd()),
         ChangeOf(row.change_usd()),
         {.text = absl::StrJoin(causes, ", "), .value = absl::StrJoin(values, " ")},
         {.text = TimesText(row.has_before_p50_duration_ms(), row.before_p50_duration_ms(),
                            row.has_after_p50_duration_ms(), row.after_p50_duration_ms())}});
  }
  return table;
}

// Returns "6.2x of a median of $0.0021 (412 calls)".
std::string ReceiptText(const pb::OutlierReceipt& receipt) {
  return absl::StrCat(Multiple(receipt.multiple()), " of a median of ",
                      MoneyText(receipt.p50_usd()), " (", Counted(receipt.sample_count(), "call"),
                      ")");
}

}  // namespace

ReportSection WasteSection(const Bill& bill) {
  const pb::GetWastedResponse& wasted = bill.wasted;
  ReportSection section{.id = "waste", .title = "Spend that nobody got anything of"};
  section.leads.push_back(
      absl::StrCat(MoneyText(wasted.wasted_usd()), " of ", MoneyText(wasted.spend_usd()), " (",
                   Percent(wasted.wasted_share()), ") in ", Counted(wasted.wasted_calls(), "call"),
                   "; ", MoneyText(wasted.surfaced_usd()), " went into output that was used."));
  if (wasted.rows().empty()) {
    return section;
  }
  section.tables.push_back(ReasonsTable(wasted));
  ReportTable rows{.columns = {{"Step", "key"},
                               {"Reason", "reason"},
                               {"Wasted", "wasted_usd", true},
                               {"Of its spend", "share", true},
                               {"Calls", "calls", true}},
                   .keys = 2};
  for (const pb::WastedRow& row : wasted.rows()) {
    const std::string reason = text::EnumText(row.reason());
    rows.rows.push_back({NameOf(row.key()),
                         {.text = WordsOf(reason), .value = reason},
                         MoneyOf(row.wasted_usd(), Tone::kStrong),
                         SharePercent(ShareOf(row.wasted_usd(), row.spend_usd())),
                         CountOf(row.calls())});
  }
  section.tables.push_back(std::move(rows));
  section.notes.push_back(
      "A call has the first reason that is true of it, so that no dollar counts twice. Duplicate "
      "prompts are guessed by equal token counts within one run.");
  NoteOmitted(wasted.rows_omitted(), &section);
  return section;
}

ReportSection ChangeSection(const Bill& bill, absl::TimeZone zone) {
  const pb::CompareResponse& change = bill.change;
  ReportSection section{.id = "change", .title = "Why spend changed"};
  if (change.before_calls() == 0) {
    section.leads.push_back("Nothing is recorded that it could be compared with.");
    return section;
  }
  const bool halves = bill.compared_with == ComparedWith::kFirstHalf;
  section.leads.push_back(absl::StrCat(
      MoneyText(change.before_usd()), " in ", WindowText(change.before_window(), zone), ", ",
      MoneyText(change.after_usd()), " in ", WindowText(change.after_window(), zone), ": ",
      ChangeText(change.change_usd()), "."));
  if (halves) {
    section.notes.push_back(
        "Nothing is recorded before the window, so that its second half is compared with its "
        "first.");
  }
  section.tables.push_back(CausesTable(change));
  section.tables.push_back(ChangedStepsTable(change));
  section.notes.push_back(
      "The causes are Shapley values: no order of the causes decides what is whose, and they add "
      "up "
      "to the change.");
  NoteOmitted(change.rows_omitted(), &section);
  return section;
}

ReportSection OutliersSection(const Bill& bill, absl::TimeZone zone) {
  const pb::GetOutliersResponse& outliers = bill.outliers;
  ReportSection section{.id = "outliers", .title = "Calls over five times their step's median"};
  section.leads.push_back(outliers.total() == 0
                              ? "None in this window."
                              : absl::StrCat(Counted(outliers.total(), "outlier"), " cost ",
                                             MoneyText(outliers.excess_usd()),
                                             " more than their thresholds."));
  if (outliers.learning_calls() > 0) {
    section.notes.push_back(
        absl::StrCat(Counted(outliers.learning_calls(), "call"),
                     " of steps with too little history cost more than the default threshold of "
                     "$0.005. They are not among the outliers."));
  }
  if (outliers.calls().empty()) {
    return section;
  }
  ReportTable table{.columns = {{"Call", "event_id"},
                                {"Step", "step"},
                                {"Cost", "cost_usd", true},
                                {"Is", "receipt"},
                                {"Model", "model"},
                                {"Run", "workflow_id"},
                                {"Time", "time"}}};
  for (const pb::BilledCall& call : outliers.calls()) {
    table.rows.push_back({NameOf(call.event_id()),
                          NameOf(call.step()),
                          MoneyOf(call.cost_usd(), Tone::kStrong),
                          {.text = ReceiptText(call.receipt()), .value = ""},
                          NameOf(call.model()),
                          NameOf(call.workflow_id()),
                          {.text = TimeText(call.time(), zone), .value = call.time()}});
  }
  section.tables.push_back(std::move(table));
  const int64_t more = outliers.total() - outliers.calls_size();
  if (more > 0) {
    section.notes.push_back(
        absl::StrCat("The dearest stand here; ", Count(more), " more are in the sum."));
  }
  return section;
}

ReportSection AdviceSection(const Bill& bill, absl::string_view command_suffix) {
  const pb::AdviseResponse& advice = bill.advice;
  ReportSection section{.id = "advice", .title = "What is worth a test"};
  if (advice.rows().empty()) {
    section.leads.push_back("No change stands out.");
    return section;
  }
  section.leads.push_back(
      "Each saving is what the recorded calls would have cost less with that change alone. Two of "
      "them may save the same dollar: give both to one `itemize what-if`.");
  ReportTable table{.columns = {{"Step", "step"},
                                {"Kind", "kind"},
                                {"Saves in 30 days", "saving_30d_usd", true},
                                {"Evidence", "evidence"},
                                {"Not known", "unknown"},
                                {"Confidence", "confidence"},
                                {"Test it", "what_if"}},
                    .keys = 2};
  for (const pb::AdviceRow& row : advice.rows()) {
    const std::string kind = text::EnumText(row.kind());
    table.rows.push_back(
        {NameOf(row.step()),
         {.text = WordsOf(kind), .value = kind},
         MoneyOf(row.saving_30d_usd(), Tone::kGood),
         {.text = Printable(row.evidence())},
         {.text = Printable(row.unknown())},
         {.text = Printable(row.confidence())},
         {.text = Printable(absl::StrCat(row.what_if(), command_suffix)), .tone = Tone::kCode}});
  }
  section.tables.push_back(std::move(table));
  NoteOmitted(advice.rows_omitted(), &section);
  return section;
}

ReportSection MissingRatesSection(const Bill& bill) {
  ReportSection section{.id = "missing_rates", .title = "What has no price"};
  const pb::TopTotal& total = bill.steps.total();
  section.leads.push_back(
      absl::StrCat(Count(total.unpriced_calls()), " of ", Counted(total.calls(), "call"),
                   " have no price, and are in no sum: ", Count(total.usage_missing_calls()),
                   " told no usage, the others lack a rate."));
  ReportTable table{.columns = {{"Model", "model"},
                                {"Provider", "provider"},
                                {"Calls", "calls", true},
                                {"Tokens", "tokens", true},
                                {"Why", "reason"},
                                {"Names like it", "nearest"}},
                    .keys = 2};
  for (const pb::MissingRate& row : bill.missing_rates.rows()) {
    table.rows.push_back({NameOf(row.model()),
                          NameOf(row.provider()),
                          CountOf(row.calls()),
                          CountOf(row.tokens()),
                          {.text = Printable(row.reason())},
                          {.text = Printable(absl::StrJoin(row.nearest(), ", "))}});
  }
  if (!table.rows.empty()) {
    section.tables.push_back(std::move(table));
  }
  return section;
}

}  // namespace itemized::cli
