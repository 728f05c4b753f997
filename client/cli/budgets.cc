// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

std::string ScopeText(const pb::Budget& budget) {
  if (budget.has_step()) {
    return absl::StrCat("step ", budget.step());
  }
  if (budget.has_workflow()) {
    return absl::StrCat("workflow ", budget.workflow());
  }
  if (budget.has_model()) {
    return absl::StrCat("model ", budget.model());
  }
  if (budget.has_provider()) {
    return absl::StrCat("provider ", budget.provider());
  }
  if (budget.has_attribute_key()) {
    return absl::StrCat(budget.attribute_key(), "=", budget.attribute_value());
  }
  return "all calls";
}

// Returns "2026-11" or "2026-11-05": its start is in the zone of the budget.
std::string PeriodText(const pb::BudgetStatus& status) {
  return status.period_start().substr(0, status.budget().per() == "day" ? 10 : 7);
}

// The server cuts what it says, so that 100% is not shown before it is reached.
std::string PercentText(double percent) {
  return absl::StrFormat("%.4g%%", percent);
}

Style StyleOf(const pb::BudgetStatus& status) {
  if (status.spent_percent() >= 100) {
    return Style::kRed;
  }
  return status.crossings_size() > 0 || status.forecast_percent() > 100 ? Style::kYellow
                                                                        : Style::kPlain;
}

std::string CrossedText(const pb::BudgetStatus& status) {
  std::vector<std::string> percents;
  for (const pb::BudgetCrossing& crossing : status.crossings()) {
    percents.push_back(absl::StrCat(crossing.threshold_percent(), "%"));
  }
  return absl::StrJoin(percents, " ");
}

// Returns what became of the last webhook; "" if there is none.
std::string WebhookText(const pb::BudgetStatus& status) {
  if (status.budget().webhook().empty()) {
    return "";
  }
  std::string text = "ready";
  for (const pb::BudgetCrossing& crossing : status.crossings()) {
    text = crossing.delivery().empty() ? text : crossing.delivery();
  }
  return text == "given_up" ? "given up" : text;
}

Table MakeTable(const pb::ListBudgetsResponse& response) {
  Table table({{.header = "BUDGET", .shrink_to = 12},
               {.header = "OF", .shrink_to = 12},
               {.header = "PERIOD", .drop_order = 30},
               {.header = "AMOUNT", .align = Align::kRight},
               {.header = "SPENT", .align = Align::kRight},
               {.header = "", .align = Align::kRight},
               {.header = "FORECAST", .align = Align::kRight, .drop_order = 20},
               {.header = "UNPRICED", .align = Align::kRight, .drop_order = 50},
               {.header = "CROSSED", .drop_order = 40},
               {.header = "WEBHOOK", .drop_order = 60}});
  for (const pb::BudgetStatus& status : response.budgets()) {
    const pb::Budget& budget = status.budget();
    const bool is_known = !status.spent_usd().empty();
    table.AddRow({{budget.name(), Style::kBold},
                  ScopeText(budget),
                  {PeriodText(status), Style::kDim},
                  MoneyText(budget.amount_usd()),
                  {MoneyText(status.spent_usd()), StyleOf(status)},
                  {is_known ? PercentText(status.spent_percent()) : "", StyleOf(status)},
                  MoneyText(status.forecast_usd()),
                  CountCell(status.unpriced_calls(), Style::kYellow),
                  CrossedText(status),
                  WebhookText(status)});
  }
  return table;
}

void PrintBudgets(const pb::ListBudgetsResponse& response, Session& session) {
  std::ostream& out = *session.env.out;
  if (response.budgets_size() == 0) {
    out << "There are no budgets. `itemize budgets set NAME --amount 100 --per month` makes one.\n";
    return;
  }
  out << MakeTable(response).Render(session.env.canvas);
  for (const pb::BudgetStatus& status : response.budgets()) {
    if (!status.problem().empty()) {
      out << Printable(absl::StrCat(status.budget().name(), ": ", status.problem())) << "\n";
    }
  }
}

pb::SetBudgetRequest RequestOf(const BudgetArguments& arguments) {
  pb::SetBudgetRequest request;
  pb::Budget& budget = *request.mutable_budget();
  budget.set_name(arguments.name);
  budget.set_amount_usd(arguments.amount);
  budget.set_per(arguments.per);
  budget.set_time_zone(arguments.tz);
  budget.set_webhook(arguments.webhook);
  budget.mutable_thresholds()->Assign(arguments.at.begin(), arguments.at.end());
  if (arguments.step.has_value()) {
    budget.set_step(*arguments.step);
  }
  if (arguments.workflow.has_value()) {
    budget.set_workflow(*arguments.workflow);
  }
  if (arguments.model.has_value()) {
    budget.set_model(*arguments.model);
  }
  if (arguments.provider.has_value()) {
    budget.set_provider(*arguments.provider);
  }
  if (const size_t equals = arguments.attribute.find('='); equals != std::string::npos) {
    budget.set_attribute_key(arguments.attribute.substr(0, equals));
    budget.set_attribute_value(arguments.attribute.substr(equals + 1));
  }
  return request;
}

void PrintSet(const pb::SetBudgetResponse& response, Session& session) {
  const pb::BudgetStatus& status = response.status();
  const pb::Budget& budget = status.budget();
  std::ostream& out = *session.env.out;
  out << Printable(absl::StrCat(response.replaced() ? "changed " : "set ", budget.name(), ": ",
                                MoneyText(budget.amount_usd()), " a ", budget.per(), " for ",
                                ScopeText(budget)));
  if (!status.spent_usd().empty()) {
    out << ", of which " << MoneyText(status.spent_usd()) << " ("
        << PercentText(status.spent_percent()) << ") are spent in " << PeriodText(status);
  }
  out << "\n";
  if (!status.problem().empty()) {
    out << Printable(status.problem()) << "\n";
  }
}

}  // namespace

int BudgetsListCommand(Session& session) {
  return Answer(session.connection->ListBudgets(), session,
                [&](const pb::ListBudgetsResponse& response) { PrintBudgets(response, session); });
}

int BudgetsSetCommand(const BudgetArguments& arguments, Session& session) {
  const absl::StatusOr<pb::SetBudgetResponse> response =
      session.connection->SetBudget(RequestOf(arguments));
  if (absl::IsInvalidArgument(response.status())) {
    return WrongUsage(session.env, response.status().message(), "itemize budgets set");
  }
  const int exit_status =
      Answer(response, session, [&](const pb::SetBudgetResponse& set) { PrintSet(set, session); });
  for (size_t i = 0; response.ok() && i < static_cast<size_t>(response->warnings_size()); ++i) {
    *session.env.err << "itemize: " << Printable(response->warnings(static_cast<int>(i))) << "\n";
  }
  return exit_status;
}

int BudgetsRemoveCommand(const BudgetArguments& arguments, Session& session) {
  pb::RemoveBudgetRequest request;
  request.set_name(arguments.name);
  return Answer(session.connection->RemoveBudget(request), session,
                [&](const pb::RemoveBudgetResponse& response) {
                  *session.env.out << Printable(absl::StrCat("removed ", response.removed().name()))
                                   << "\n";
                });
}

}  // namespace itemized::cli
