// SPDX-License-Identifier: Apache-2.0
// Where the money went: steps, days, models, workflows.

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

#include "client/cli/format.h"
#include "client/cli/report/sections.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

constexpr size_t kBarsMax = 20;
constexpr double kVital = 0.8;      // The few that make up so much of the spend stand out.
constexpr double kTagFrom = 0.005;  // A share below this is not worth a tag.
constexpr int kTimeBarsMax = 750;

// Says where a row stands between volume and spend. What is more than an even part is much.
void Tag(const pb::TopRow& row, size_t rows, ParetoBar* bar) {
  const double even = 1.0 / static_cast<double>(rows);
  const bool much_spend = row.spend_share() >= even;
  const bool many_calls = row.call_share() >= even;
  bar->kind = absl::StrCat(many_calls ? "many" : "few", " calls, ", much_spend ? "much" : "little",
                           " spend");
  bar->tone = much_spend && !many_calls ? Tone::kBad : much_spend ? Tone::kStrong : Tone::kPlain;
  const double unused = ShareOf(row.unsurfaced_usd(), row.cost_usd());
  if (unused >= kTagFrom) {
    bar->tags.push_back(absl::StrCat(Percent(unused), " unused"));
  }
  if (row.outliers() > 0) {
    bar->tags.push_back(
        absl::StrCat(ShortCount(row.outliers()), " outlier", PluralS(row.outliers())));
  }
  if (row.unpriced_calls() > 0) {
    bar->tags.push_back(absl::StrCat(ShortCount(row.unpriced_calls()), " unpriced"));
  }
}

std::vector<ParetoBar> ParetoOf(const pb::GetTopResponse& top) {
  std::vector<ParetoBar> bars;
  const auto rows = static_cast<size_t>(top.rows_size()) + static_cast<size_t>(top.rows_omitted());
  for (const pb::TopRow& row : top.rows()) {
    if (bars.size() == kBarsMax || row.spend_share() <= 0) {
      break;
    }
    ParetoBar bar{.name = NameOf(row.key()).text,
                  .spend_share = row.spend_share(),
                  .call_share = row.call_share(),
                  .cumulative_spend_share = row.cumulative_spend_share(),
                  .amount = MoneyText(row.cost_usd())};
    Tag(row, rows, &bar);
    bars.push_back(std::move(bar));
  }
  return bars;
}

// Says how few rows make up most of the spend.
std::string VitalFew(const pb::GetTopResponse& top, absl::string_view noun) {
  int64_t few = 0;
  for (const pb::TopRow& row : top.rows()) {
    ++few;
    if (row.cumulative_spend_share() >= kVital) {
      return absl::StrCat(Count(few), " of ", Counted(top.rows_size() + top.rows_omitted(), noun),
                          few == 1 ? " makes up " : " make up ",
                          Percent(row.cumulative_spend_share()), " of the spend.");
    }
  }
  return "";
}

// Names the row whose part of the spend is furthest above its part of the calls.
std::string FurthestApart(const pb::GetTopResponse& top) {
  const pb::TopRow* furthest = nullptr;
  for (const pb::TopRow& row : top.rows()) {
    const double gap = row.spend_share() - row.call_share();
    if (gap > kTagFrom &&
        (furthest == nullptr || gap > furthest->spend_share() - furthest->call_share())) {
      furthest = &row;
    }
  }
  return furthest == nullptr ? ""
                             : absl::StrCat(NameOf(furthest->key()).text, " is ",
                                            Percent(furthest->call_share()), " of the calls and ",
                                            Percent(furthest->spend_share()), " of the spend.");
}

void AddLead(std::string sentence, ReportSection* section) {
  if (!sentence.empty()) {
    section->leads.push_back(std::move(sentence));
  }
}

ReportTable RankingTable(const pb::GetTopResponse& top, const std::string& what) {
  ReportTable table{.columns = {{what, "key"},
                                {"Spend", "cost_usd", true},
                                {"Of all", "spend_share", true},
                                {"Cumulative", "cumulative_spend_share", true},
                                {"Calls", "calls", true},
                                {"Of all", "call_share", true},
                                {"Mean", "mean_cost_usd", true},
                                {"p50", "p50_cost_usd", true},
                                {"p95", "p95_cost_usd", true},
                                {"Unused", "unsurfaced_usd", true},
                                {"Outliers", "outliers", true},
                                {"Unpriced", "unpriced_calls", true}}};
  for (const pb::TopRow& row : top.rows()) {
    ReportCell spend = MoneyOf(row.cost_usd(), Tone::kStrong);
    spend.text = SumText(row.cost_usd(), row.calls(), row.unpriced_calls());
    ReportCell share = SharePercent(row.spend_share());
    share.share = row.spend_share();
    table.rows.push_back(
        {NameOf(row.key()), spend, share, SharePercent(row.cumulative_spend_share()),
         CountOf(row.calls()), SharePercent(row.call_share()), MoneyOf(row.mean_cost_usd()),
         MoneyOf(row.p50_cost_usd()), MoneyOf(row.p95_cost_usd()), MoneyOf(row.unsurfaced_usd()),
         CountOf(row.outliers()), CountOf(row.unpriced_calls())});
  }
  return table;
}

}  // namespace

ReportSection StepsSection(const Bill& bill) {
  ReportSection section{.id = "steps", .title = "Where the money went"};
  AddLead(VitalFew(bill.steps, "step"), &section);
  AddLead(FurthestApart(bill.steps), &section);
  section.pareto = ParetoOf(bill.steps);
  section.tables.push_back(RankingTable(bill.steps, "Step"));
  NoteOmitted(bill.steps.rows_omitted(), &section);
  return section;
}

ReportSection TimeSection(const Bill& bill, absl::TimeZone zone) {
  const pb::GetSeriesResponse& series = bill.series;
  ReportSection section{.id = "series", .title = "Spend over time"};
  Picos highest = 0;
  ReportTable table{.columns = {{"From", "start"},
                                {"Spend", "cost_usd", true},
                                {"Calls", "calls", true},
                                {"Outliers", "outliers", true}}};
  const pb::SeriesPoint* dearest = nullptr;
  for (const pb::SeriesPoint& point : series.points()) {
    if (AmountOf(point.cost_usd()) > highest) {
      highest = AmountOf(point.cost_usd());
      dearest = &point;
    }
  }
  for (const pb::SeriesPoint& point : series.points()) {
    const std::string label = TimeText(point.start(), zone);
    if (series.points_size() <= kTimeBarsMax && highest > 0) {
      section.time.push_back({.label = label,
                              .amount = MoneyText(point.cost_usd()),
                              .height = ShareOf(point.cost_usd(), FormatUsd(highest))});
    }
    if (point.calls() > 0) {
      table.rows.push_back({{.text = label, .value = point.start()},
                            MoneyOf(point.cost_usd(), Tone::kStrong),
                            CountOf(point.calls()),
                            CountOf(point.outliers())});
    }
  }
  if (dearest != nullptr) {
    section.leads.push_back(absl::StrCat("The dearest began ", TimeText(dearest->start(), zone),
                                         ": ", MoneyText(dearest->cost_usd()), " in ",
                                         Counted(dearest->calls(), "call"), "."));
  }
  if (series.points().empty()) {
    section.leads.push_back("The window is too long to show its days.");
    return section;
  }
  section.tables.push_back(std::move(table));
  return section;
}

ReportSection ModelsSection(const Bill& bill) {
  ReportSection section{.id = "models", .title = "Which models took it"};
  AddLead(VitalFew(bill.models, "model"), &section);
  section.tables.push_back(RankingTable(bill.models, "Model"));
  NoteOmitted(bill.models.rows_omitted(), &section);
  return section;
}

ReportSection WorkflowsSection(const Bill& bill) {
  ReportSection section{.id = "workflows", .title = "What a completed run costs"};
  section.notes.push_back(
      "Fully loaded: all spend of a workflow, failed and abandoned runs included, divided by its "
      "completed runs. A run belongs to the window by its completion, or by its last call while it "
      "is open; so these sums may differ from those of the calls in the window.");
  ReportTable table{.columns = {{"Workflow", "workflow"},
                                {"Spend", "spend_usd", true},
                                {"Per completed", "cost_per_completed_usd", true},
                                {"p50", "p50_completed_usd", true},
                                {"p95", "p95_completed_usd", true},
                                {"Runs", "runs", true},
                                {"Completed", "completed", true},
                                {"Failed", "failed", true},
                                {"Abandoned", "abandoned", true},
                                {"Cut short", "short_circuited", true},
                                {"Open", "open", true},
                                {"Calls a run", "mean_steps_per_completed", true},
                                {"Unused", "unsurfaced_usd", true}}};
  for (const pb::WorkflowRow& row : bill.workflows.rows()) {
    const std::string calls =
        row.has_mean_steps_per_completed()
            ? absl::StrCat(std::round(row.mean_steps_per_completed() * 10) / 10)
            : kNothing;
    table.rows.push_back(
        {NameOf(row.workflow()),
         MoneyOf(row.spend_usd(), Tone::kStrong),
         MoneyOf(row.cost_per_completed_usd(), Tone::kStrong),
         MoneyOf(row.p50_completed_usd()),
         MoneyOf(row.p95_completed_usd()),
         CountOf(row.runs()),
         CountOf(row.completed()),
         CountOf(row.failed()),
         CountOf(row.abandoned()),
         CountOf(row.short_circuited()),
         CountOf(row.open()),
         {.text = calls,
          .value = row.has_mean_steps_per_completed() ? absl::StrCat(row.mean_steps_per_completed())
                                                      : ""},
         MoneyOf(row.unsurfaced_usd())});
  }
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace itemized::cli
