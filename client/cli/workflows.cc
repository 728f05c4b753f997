// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

struct Totals {
  pb::WorkflowRow row;
  Picos spend = 0;
  Picos unsurfaced = 0;

  void Add(const pb::WorkflowRow& other) {
    row.set_runs(row.runs() + other.runs());
    row.set_completed(row.completed() + other.completed());
    row.set_failed(row.failed() + other.failed());
    row.set_short_circuited(row.short_circuited() + other.short_circuited());
    row.set_abandoned(row.abandoned() + other.abandoned());
    row.set_open(row.open() + other.open());
    row.set_unpriced_calls(row.unpriced_calls() + other.unpriced_calls());
    spend += ParseUsd(other.spend_usd()).value_or(0);
    unsurfaced += ParseUsd(other.unsurfaced_usd()).value_or(0);
  }
};

Table MakeTable() {
  return Table({{.header = "WORKFLOW", .shrink_to = 12},
                {.header = "SPEND", .align = Align::kRight},
                {.header = "PER COMPLETED", .align = Align::kRight},
                {.header = "MEAN", .align = Align::kRight, .drop_order = 30},
                {.header = "P50", .align = Align::kRight, .drop_order = 60},
                {.header = "P95", .align = Align::kRight, .drop_order = 50},
                {.header = "CALLS/RUN", .align = Align::kRight, .drop_order = 70},
                {.header = "RUNS", .align = Align::kRight, .drop_order = 20},
                {.header = "COMPLETED", .align = Align::kRight},
                {.header = "FAILED", .align = Align::kRight, .drop_order = 25},
                {.header = "SHORT-CIRCUITED", .align = Align::kRight, .drop_order = 40},
                {.header = "ABANDONED", .align = Align::kRight, .drop_order = 35},
                {.header = "OPEN", .align = Align::kRight, .drop_order = 55},
                {.header = "UNSURFACED", .align = Align::kRight, .drop_order = 15},
                {.header = "UNPRICED", .align = Align::kRight, .drop_order = 10}});
}

// Rows do not say how many calls they have: that nothing is priced shows in
// a spend of zero beside calls without a price.
std::string Spend(const pb::WorkflowRow& row) {
  return row.spend_usd() == "0" && row.unpriced_calls() > 0 ? kNothing : MoneyText(row.spend_usd());
}

// An amount that needs priced calls.
std::string OfSpend(const pb::WorkflowRow& row, bool is_there, const std::string& usd) {
  return !is_there ? "" : Spend(row) == kNothing ? kNothing : MoneyText(usd);
}

// `row` of the workflow, or the totals where only sums make sense.
void AddRow(const pb::WorkflowRow& row, Cell name, Table& table) {
  const std::string steps = row.has_mean_steps_per_completed()
                                ? absl::StrFormat("%.1f", row.mean_steps_per_completed())
                                : "";
  table.AddRow({std::move(name),
                {Spend(row), Style::kBold},
                {OfSpend(row, row.has_cost_per_completed_usd(), row.cost_per_completed_usd()),
                 Style::kGreen},
                OfSpend(row, row.has_mean_completed_usd(), row.mean_completed_usd()),
                OfSpend(row, row.has_p50_completed_usd(), row.p50_completed_usd()),
                OfSpend(row, row.has_p95_completed_usd(), row.p95_completed_usd()),
                steps,
                Count(row.runs()),
                Count(row.completed()),
                CountCell(row.failed(), Style::kRed),
                CountCell(row.short_circuited()),
                CountCell(row.abandoned()),
                CountCell(row.open()),
                MoneyCell(row.unsurfaced_usd(), Style::kYellow),
                CountCell(row.unpriced_calls(), Style::kYellow)});
}

void PrintTrust(int64_t unpriced_calls, Session& session) {
  std::ostream& out = *session.env.out;
  out << "PER COMPLETED is all spend, failed and abandoned runs included, over completed runs.\n";
  if (unpriced_calls == 0) {
    out << "All calls in these runs are priced.\n";
    return;
  }
  out << Styled(absl::StrCat(Count(unpriced_calls), " call", PluralS(unpriced_calls),
                             " in these runs not priced, and not in the sums."),
                Style::kYellow, session.env.canvas)
      << "\n";
  PrintWhyUnpriced(session);
}

void PrintWorkflows(absl::TimeZone zone, const pb::GetWorkflowsResponse& response,
                    Session& session) {
  PrintTitle("Cost per completed workflow", response.window(), zone, session);
  if (response.rows().empty()) {
    PrintNothing("runs", session);
    return;
  }
  Table table = MakeTable();
  Totals totals;
  for (const pb::WorkflowRow& row : response.rows()) {
    AddRow(row, NameCell(row.workflow()), table);
    totals.Add(row);
  }
  totals.row.set_spend_usd(FormatUsd(totals.spend));
  totals.row.set_unsurfaced_usd(FormatUsd(totals.unsurfaced));
  table.AddRule();
  AddRow(totals.row, {"total", Style::kBold}, table);
  *session.env.out << table.Render(session.env.canvas) << "\n";
  PrintTrust(totals.row.unpriced_calls(), session);
}

}  // namespace

int WorkflowsCommand(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<QueryWindow> window = ResolveWindow(arguments.window, session);
  if (!window.ok()) {
    return WrongUsage(session.env, window.status().message(), "itemize workflows");
  }
  pb::GetWorkflowsRequest request;
  *request.mutable_window() = window->spec;
  return Answer(session.connection->GetWorkflows(request), session,
                [&](const pb::GetWorkflowsResponse& response) {
                  PrintWorkflows(window->zone, response, session);
                });
}

}  // namespace itemized::cli
