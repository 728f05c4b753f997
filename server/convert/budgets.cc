// SPDX-License-Identifier: Apache-2.0
#include "server/convert/budgets.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/budgets/budget_codec.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

constexpr char kDay[] = "day";
constexpr char kMonth[] = "month";

absl::StatusOr<BudgetScope> ToScope(const pb::Budget& from) {
  BudgetScope scope;
  int given = 0;
  const auto take = [&](bool has, BudgetScopeKind kind, const std::string& value) {
    if (has) {
      scope = {kind, "", value};
      ++given;
    }
  };
  take(from.has_step(), BudgetScopeKind::kStep, from.step());
  take(from.has_workflow(), BudgetScopeKind::kWorkflow, from.workflow());
  take(from.has_model(), BudgetScopeKind::kModel, from.model());
  take(from.has_provider(), BudgetScopeKind::kProvider, from.provider());
  if (from.has_attribute_key() || from.has_attribute_value()) {
    scope = {BudgetScopeKind::kAttribute, from.attribute_key(), from.attribute_value()};
    ++given;
  }
  if (given > 1) {
    return absl::InvalidArgumentError(
        "The budget names more than one of step, workflow, model, provider and attribute; make a "
        "budget for each.");
  }
  return scope;
}

absl::StatusOr<BudgetPeriod> ToPeriod(const std::string& per) {
  if (per == kDay) {
    return BudgetPeriod::kDay;
  }
  if (per == kMonth) {
    return BudgetPeriod::kMonth;
  }
  return absl::InvalidArgumentError(
      per.empty() ? "The budget has no period; it is per day or per month."
                  : absl::StrCat("The period ", Quoted(per),
                                 " is unknown; a budget is per day or per month."));
}

void SetScope(const BudgetScope& scope, pb::Budget* budget) {
  switch (scope.kind) {
    case BudgetScopeKind::kAll:
      return;
    case BudgetScopeKind::kStep:
      return budget->set_step(scope.value);
    case BudgetScopeKind::kWorkflow:
      return budget->set_workflow(scope.value);
    case BudgetScopeKind::kModel:
      return budget->set_model(scope.value);
    case BudgetScopeKind::kProvider:
      return budget->set_provider(scope.value);
    case BudgetScopeKind::kAttribute:
      budget->set_attribute_key(scope.key);
      return budget->set_attribute_value(scope.value);
  }
}

const char* DeliveryText(Delivery delivery) {
  switch (delivery) {
    case Delivery::kNone:
      return "";
    case Delivery::kPending:
      return "pending";
    case Delivery::kSent:
      return "sent";
    case Delivery::kGivenUp:
      return "given_up";
  }
  return "";
}

// Returns the zone of a budget; UTC where it is no longer installed.
absl::TimeZone ZoneOf(const Budget& budget) {
  return FindZone(budget.zone).value_or(absl::UTCTimeZone());
}

double Percent(Picos spent, Picos amount) {
  return static_cast<double>(BasisPointsSpent(spent, amount)) / 100;
}

}  // namespace

absl::StatusOr<Budget> ToBudget(const pb::Budget& from) {
  Budget budget;
  budget.name = from.name();
  ASSIGN_OR_RETURN(budget.scope, ToScope(from));
  if (from.amount_usd().empty()) {
    return absl::InvalidArgumentError(
        "The budget has no amount; give one in USD, such as \"100\" or \"99.50\".");
  }
  const absl::StatusOr<Picos> amount = ParseUsd(from.amount_usd());
  if (!amount.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The amount of the budget cannot be read. ", amount.status().message()));
  }
  budget.amount = *amount;
  ASSIGN_OR_RETURN(budget.per, ToPeriod(from.per()));
  RETURN_IF_ERROR(ToTimeZone(from.time_zone()).status());
  budget.zone = from.time_zone();
  if (from.thresholds_size() > 0) {
    budget.thresholds.assign(from.thresholds().begin(), from.thresholds().end());
  }
  budget.webhook = from.webhook();
  return CheckedBudget(std::move(budget));
}

pb::Budget FromBudget(const Budget& from) {
  pb::Budget budget;
  budget.set_name(from.name);
  SetScope(from.scope, &budget);
  budget.set_amount_usd(FormatUsd(from.amount));
  budget.set_per(from.per == BudgetPeriod::kDay ? kDay : kMonth);
  budget.set_time_zone(from.zone);
  budget.mutable_thresholds()->Assign(from.thresholds.begin(), from.thresholds.end());
  budget.set_webhook(from.webhook);
  return budget;
}

pb::BudgetStatus FromBudgetState(const BudgetState& from) {
  const absl::TimeZone zone = ZoneOf(from.budget);
  pb::BudgetStatus status;
  *status.mutable_budget() = FromBudget(from.budget);
  status.set_period_start(FormatTime(from.period.start_us, zone));
  status.set_period_end(FormatTime(from.period.end_us, zone));
  if (from.spent.has_value()) {
    status.set_spent_usd(FormatUsd(*from.spent));
    status.set_spent_percent(Percent(*from.spent, from.budget.amount));
    status.set_unpriced_calls(from.unpriced_calls);
    status.set_as_of(FormatTime(from.as_of_us));
    if (const auto forecast = ForecastOf(*from.spent, from.period, from.as_of_us)) {
      status.set_forecast_usd(FormatUsd(*forecast));
      status.set_forecast_percent(Percent(*forecast, from.budget.amount));
    }
  }
  for (const Crossing& crossing : from.crossings) {
    *status.add_crossings() = FromCrossing(from.budget, crossing);
  }
  status.set_problem(from.problem);
  return status;
}

pb::BudgetCrossing FromCrossing(const Budget& budget, const Crossing& crossing) {
  const absl::TimeZone zone = ZoneOf(budget);
  pb::BudgetCrossing message;
  message.set_id(CrossingId(budget.name, crossing));
  message.set_budget(budget.name);
  message.set_scope(ScopeText(budget.scope));
  message.set_period_start(FormatTime(crossing.period.start_us, zone));
  message.set_period_end(FormatTime(crossing.period.end_us, zone));
  message.set_threshold_percent(crossing.percent);
  message.set_amount_usd(FormatUsd(crossing.amount));
  message.set_spent_usd(FormatUsd(crossing.spent));
  if (crossing.forecast.has_value()) {
    message.set_forecast_usd(FormatUsd(*crossing.forecast));
  }
  message.set_at(FormatTime(crossing.noticed_us));
  message.set_delivery(DeliveryText(crossing.delivery));
  return message;
}

pb::WatchedOutlier FromOutlier(const BilledCall& outlier) {
  const pb::BilledCall call = ToBilledCall(outlier);
  pb::WatchedOutlier message;
  message.set_time(call.time());
  message.set_step(call.step());
  message.set_workflow(call.workflow());
  message.set_workflow_id(call.workflow_id());
  message.set_event_id(call.event_id());
  message.set_provider(call.provider());
  message.set_model(call.model());
  message.set_cost_usd(call.cost_usd());
  message.set_p50_usd(call.receipt().p50_usd());
  message.set_sample_count(call.receipt().sample_count());
  message.set_threshold_usd(call.receipt().threshold_usd());
  message.set_multiple(call.receipt().multiple());
  return message;
}

}  // namespace itemized::server
