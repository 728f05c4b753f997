// SPDX-License-Identifier: Apache-2.0
#include "storage/budgets/budget.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/model/value_checks.h"

namespace itemized {
namespace {

// A forecast is made once a period has come so far.
constexpr int64_t kForecastParts = 20;

absl::Status CheckName(const char* field, absl::string_view name) {
  if (const auto reason = CheckText(field, name, /*required=*/true)) {
    return absl::InvalidArgumentError(reason->second);
  }
  return absl::OkStatus();
}

absl::Status CheckScope(const BudgetScope& scope) {
  switch (scope.kind) {
    case BudgetScopeKind::kAll:
      return absl::OkStatus();
    case BudgetScopeKind::kStep:
      return CheckName("step of the budget", scope.value);
    case BudgetScopeKind::kWorkflow:
      return CheckName("workflow of the budget", scope.value);
    case BudgetScopeKind::kModel:
      return CheckName("model of the budget", scope.value);
    case BudgetScopeKind::kProvider:
      return CheckName("provider of the budget", scope.value);
    case BudgetScopeKind::kAttribute:
      RETURN_IF_ERROR(CheckName("attribute key of the budget", scope.key));
      return CheckName("attribute value of the budget", scope.value);
  }
  return absl::InvalidArgumentError(
      "The scope of the budget is unknown; name a step, a workflow, a model, a provider, an "
      "attribute, or nothing for all calls.");
}

absl::Status CheckAmount(Picos amount) {
  if (amount <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("The amount is ", FormatUsd(amount), " USD; give one above 0."));
  }
  if (amount > kBudgetAmountMax) {
    return absl::InvalidArgumentError(absl::StrCat("The amount is ", FormatUsd(amount),
                                                   " USD; give at most ",
                                                   FormatUsd(kBudgetAmountMax), "."));
  }
  return absl::OkStatus();
}

absl::Status CheckThresholds(const std::vector<int32_t>& thresholds) {
  if (thresholds.empty() || thresholds.size() > kThresholdsMax) {
    return absl::InvalidArgumentError(absl::StrCat("The budget has ", thresholds.size(),
                                                   " thresholds; give 1 to ", kThresholdsMax, "."));
  }
  for (const int32_t percent : thresholds) {
    if (percent < 1 || percent > kThresholdPercentMax) {
      return absl::InvalidArgumentError(absl::StrCat("The threshold ", percent,
                                                     " is out of range; give whole percents from "
                                                     "1 to ",
                                                     kThresholdPercentMax, "."));
    }
  }
  return absl::OkStatus();
}

// Returns the first instant of a civil day. A midnight that a change of clocks skips is the instant
// of the change; of one that comes twice it is the first.
int64_t StartOf(absl::CivilDay day, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(day));
  const bool is_skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixMicros(is_skipped ? info.trans : info.pre);
}

// Returns the period of `zone` that `time_us` lies in, which is `about` or, where clocks are set
// back over midnight, one beside it.
template <typename Civil>
TimeRange PeriodAround(Civil about, absl::TimeZone zone, int64_t time_us) {
  if (time_us < StartOf(absl::CivilDay(about), zone)) {
    --about;
  } else if (time_us >= StartOf(absl::CivilDay(about + 1), zone)) {
    ++about;
  }
  return {StartOf(absl::CivilDay(about), zone), StartOf(absl::CivilDay(about + 1), zone)};
}

}  // namespace

std::string ScopeText(const BudgetScope& scope) {
  switch (scope.kind) {
    case BudgetScopeKind::kAll:
      return "all calls";
    case BudgetScopeKind::kStep:
      return absl::StrCat("step ", scope.value);
    case BudgetScopeKind::kWorkflow:
      return absl::StrCat("workflow ", scope.value);
    case BudgetScopeKind::kModel:
      return absl::StrCat("model ", scope.value);
    case BudgetScopeKind::kProvider:
      return absl::StrCat("provider ", scope.value);
    case BudgetScopeKind::kAttribute:
      return absl::StrCat(scope.key, "=", scope.value);
  }
  return "";
}

absl::StatusOr<Budget> CheckedBudget(Budget budget) {
  RETURN_IF_ERROR(CheckName("name of the budget", budget.name));
  RETURN_IF_ERROR(CheckScope(budget.scope));
  RETURN_IF_ERROR(CheckAmount(budget.amount));
  RETURN_IF_ERROR(CheckThresholds(budget.thresholds));
  if (budget.per != BudgetPeriod::kDay && budget.per != BudgetPeriod::kMonth) {
    return absl::InvalidArgumentError("The period is unknown; a budget is per day or per month.");
  }
  if (budget.zone.empty()) {
    budget.zone = "UTC";
  }
  RETURN_IF_ERROR(FindZone(budget.zone).status());
  if (budget.webhook.size() > kWebhookBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("The webhook has ", budget.webhook.size(),
                                                   " bytes; give at most ", kWebhookBytesMax, "."));
  }
  std::sort(budget.thresholds.begin(), budget.thresholds.end());
  budget.thresholds.erase(std::unique(budget.thresholds.begin(), budget.thresholds.end()),
                          budget.thresholds.end());
  return budget;
}

absl::StatusOr<absl::TimeZone> FindZone(const std::string& name) {
  absl::TimeZone zone;
  // A name that begins so would be taken for a file.
  const bool is_path = !name.empty() && (name.front() == '/' || name.front() == ':' ||
                                         name.find("..") != std::string::npos);
  if (is_path || name.size() > 64 || !absl::LoadTimeZone(name, &zone)) {
    return absl::InvalidArgumentError(absl::StrCat("The time zone ", Quoted(name),
                                                   " is unknown; give an IANA name such as "
                                                   "Europe/Berlin, or UTC."));
  }
  return zone;
}

TimeRange PeriodAt(BudgetPeriod per, absl::TimeZone zone, int64_t time_us) {
  const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixMicros(time_us), zone);
  return per == BudgetPeriod::kDay ? PeriodAround(day, zone, time_us)
                                   : PeriodAround(absl::CivilMonth(day), zone, time_us);
}

std::optional<Picos> ForecastOf(Picos spent, TimeRange period, int64_t now_us) {
  const int64_t length_us = period.end_us - period.start_us;
  const int64_t elapsed_us = now_us - period.start_us;
  if (elapsed_us >= length_us) {
    return spent;
  }
  if (elapsed_us <= 0 || elapsed_us < length_us / kForecastParts) {
    return std::nullopt;
  }
  if (spent > std::numeric_limits<Picos>::max() / length_us) {
    return std::nullopt;
  }
  return DivideRounded(spent * length_us, elapsed_us);
}

int64_t BasisPointsSpent(Picos spent, Picos amount) {
  constexpr Picos kParts = 10'000;
  if (spent <= 0) {
    return 0;
  }
  // A budget that is exceeded so far has the same news for everybody.
  constexpr Picos kMost = 1'000'000'000;
  if (spent / amount >= kMost / kParts) {
    return static_cast<int64_t>(kMost);
  }
  return static_cast<int64_t>(spent * kParts / amount);
}

}  // namespace itemized
