// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/budgets: budgets, their periods, when one is crossed, and the bytes of it all.
// May use base and model.

// A budget says how much some calls may cost in a day or a month. It forbids nothing: it tells.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "storage/base/money.h"
#include "storage/base/time.h"

namespace itemized {

inline constexpr size_t kBudgetsMax = 1'000;
inline constexpr size_t kThresholdsMax = 20;  // Those of one budget.
inline constexpr int32_t kThresholdPercentMax = 1'000;
inline constexpr size_t kWebhookBytesMax = 2'000;
// An amount is at most a trillion dollars, so that no arithmetic of budgets leaves 128 bits.
inline const Picos kBudgetAmountMax = Picos{kPicosPerUsd} * 1'000'000'000'000;

// PERSISTED: never change or reuse a number.
enum class BudgetScopeKind : uint8_t {
  kAll = 0,
  kStep = 1,
  kWorkflow = 2,
  kModel = 3,
  kProvider = 4,
  kAttribute = 5,
};

// Says which calls a budget is about.
struct BudgetScope {
  BudgetScopeKind kind = BudgetScopeKind::kAll;
  std::string key = {};    // The key of the attribute; "" for other kinds.
  std::string value = {};  // The name, or the value of the attribute; "" for all calls.

  bool operator==(const BudgetScope&) const = default;
};

// Returns the scope in words: "all calls", "step plan" or "tenant=acme".
std::string ScopeText(const BudgetScope& scope);

// PERSISTED: never change or reuse a number.
enum class BudgetPeriod : uint8_t { kDay = 0, kMonth = 1 };

// A plain value.
struct Budget {
  std::string name;  // No other budget has it.
  BudgetScope scope;
  Picos amount = 0;  // Pico-dollars for each period.
  BudgetPeriod per = BudgetPeriod::kMonth;
  std::string zone = "UTC";                         // The IANA name of the zone of its days.
  std::vector<int32_t> thresholds = {50, 80, 100};  // Percent of the amount; rising.
  std::string webhook = {};                         // Is told of each crossing; "" for none.
  int64_t set_at_us = 0;                            // Periods that ended before are not looked at.

  bool operator==(const Budget&) const = default;
};

// Returns the budget as it is kept: its thresholds stand in rising order, each once, and its zone
// is named. INVALID_ARGUMENT, with a sentence that says what to mend, if it cannot be kept. The
// webhook is looked at by whoever sends.
absl::StatusOr<Budget> CheckedBudget(Budget budget);

// Returns the zone of that IANA name. INVALID_ARGUMENT if there is none.
absl::StatusOr<absl::TimeZone> FindZone(const std::string& name);

// Returns the period of `zone` that `time_us` lies in: a day from its first instant to that of the
// next, or a calendar month. Days are as long as the zone makes them.
TimeRange PeriodAt(BudgetPeriod per, absl::TimeZone zone, int64_t time_us);

// Returns what a period will have cost by its end, if it goes on as it has so far: the spend times
// the length of the period over the time that has gone by, rounded half to even at 10^-12 USD. It
// is no forecast, and so absent, until a twentieth of the period has gone by; after its end it is
// the spend.
std::optional<Picos> ForecastOf(Picos spent, TimeRange period, int64_t now_us);

// Returns how many hundredths of a percent of `amount` are spent, rounded down, so that 100 % is
// never said before it is reached. `amount` > 0.
int64_t BasisPointsSpent(Picos spent, Picos amount);

}  // namespace itemized
