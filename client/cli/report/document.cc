// SPDX-License-Identifier: Apache-2.0
#include "client/cli/report/document.h"

#include "absl/strings/str_cat.h"

#include "client/cli/format.h"
#include "client/cli/report/sections.h"
#include "client/cli/text.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

// Returns the runs of all workflows that completed.
int64_t CompletedRuns(const pb::GetWorkflowsResponse& workflows) {
  int64_t completed = 0;
  for (const pb::WorkflowRow& row : workflows.rows()) {
    completed += row.completed();
  }
  return completed;
}

// Returns the figure of the best advice, whose savings are not to be added up.
ReportCell BestSaving(const pb::AdviseResponse& advice) {
  if (advice.rows().empty()) {
    return {.text = kNothing};
  }
  return MoneyOf(advice.rows(0).saving_30d_usd(), Tone::kGood);
}

std::vector<std::pair<std::string, ReportCell>> Figures(const Bill& bill) {
  const pb::TopTotal& total = bill.steps.total();
  ReportCell spend = MoneyOf(total.cost_usd(), Tone::kStrong);
  spend.text = SumText(total.cost_usd(), total.calls(), total.unpriced_calls());
  std::vector<std::pair<std::string, ReportCell>> figures = {
      {"spend", spend},
      {"calls", CountOf(total.calls())},
      {"completed runs", CountOf(CompletedRuns(bill.workflows))},
      {"wasted", MoneyOf(bill.wasted.wasted_usd(),
                         AmountOf(bill.wasted.wasted_usd()) > 0 ? Tone::kBad : Tone::kPlain)},
      {"outliers", CountOf(total.outliers())}};
  if (bill.change.before_calls() > 0) {
    figures.emplace_back(bill.compared_with == ComparedWith::kFirstHalf
                             ? "against the first half"
                             : "against the window before",
                         ChangeOf(bill.change.change_usd()));
  }
  figures.emplace_back("best single saving in 30 days", BestSaving(bill.advice));
  return figures;
}

std::vector<std::string> Warnings(const Bill& bill) {
  std::vector<std::string> warnings;
  const pb::TopTotal& total = bill.steps.total();
  if (total.unpriced_calls() > 0) {
    const double priced = static_cast<double>(total.calls() - total.unpriced_calls()) /
                          static_cast<double>(total.calls());
    warnings.push_back(absl::StrCat(Percent(priced), " of the calls are priced; ",
                                    Counted(total.unpriced_calls(), "call"),
                                    " without a price are in no sum."));
  }
  if (bill.steps.has_repricing()) {
    warnings.push_back(
        "Calls are being priced again: until that is done some have their earlier cost.");
  }
  if (bill.is_moving) {
    warnings.push_back(
        "Events of this window came in while it was asked for, so that sums of different sections "
        "may differ. Ask for a window that has ended: --to.");
  }
  return warnings;
}

std::vector<std::string> Words() {
  return {
      "Amounts are exact to 10^-12 USD and rounded only to be shown; csv and json have all "
      "digits.",
      "An outlier is a call that cost over five times the median of its step when it arrived.",
      "Unused is what was spent on steps whose output no user saw, as the ends of runs say.",
      "The p50 and p95 are within 1/128 of the exact values."};
}

}  // namespace

ReportDocument MakeDocument(const Bill& bill, const DocumentOptions& options) {
  ReportDocument document;
  document.title = "Itemized bill";
  document.window = WindowText(bill.steps.window(), options.zone);
  if (!bill.steps.window().as_known_at().empty()) {
    absl::StrAppend(&document.window, ", as known at ",
                    TimeText(bill.steps.window().as_known_at(), options.zone));
  }
  document.source =
      Printable(absl::StrCat("From ", options.source, ", made ",
                             TimeText(options.made_at, options.zone), " ", options.zone.name()));
  document.figures = Figures(bill);
  document.warnings = Warnings(bill);
  document.sections = {StepsSection(bill),
                       AdviceSection(bill, options.command_suffix),
                       WasteSection(bill),
                       WorkflowsSection(bill),
                       ChangeSection(bill, options.zone),
                       OutliersSection(bill, options.zone),
                       TimeSection(bill, options.zone),
                       ModelsSection(bill)};
  if (bill.steps.total().unpriced_calls() > 0) {
    document.sections.push_back(MissingRatesSection(bill));
  }
  document.words = Words();
  return document;
}

}  // namespace itemized::cli
