// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"
#include "storage/budgets/budget.h"
#include "storage/database/database.h"

namespace itemized::server {

// What the calls of a scope cost in a period.
struct Measured {
  Picos spent = 0;
  int64_t unpriced_calls = 0;
  uint64_t block = 0;    // All blocks up to this one are in it.
  int64_t as_of_us = 0;  // When it was asked.
  absl::Status problem;  // Why it is not known; then the figures say nothing.
};

// Whether the log has to be read to measure this scope. All others the rollups answer.
inline bool NeedsLog(const BudgetScope& scope) {
  return scope.kind == BudgetScopeKind::kAttribute;
}

// Says what was spent, and remembers it as long as nothing was stored since. Thread-safe.
class BudgetMeter {
 public:
  // Both outlive it.
  BudgetMeter(const Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // Returns what the calls of a budget cost in `period`, to the last digit as a ranking has it.
  // Errors, with nothing remembered, are those of `cancellation`; all others are in the result, and
  // are remembered as well.
  absl::StatusOr<Measured> Measure(const Budget& budget, TimeRange period,
                                   const Cancellation* cancellation);

  // Returns what was measured last; nothing if it never was.
  std::optional<Measured> Remembered(const Budget& budget, TimeRange period) const;

  // The newest block of the store.
  uint64_t LastBlock() const { return database_.Info().last_block; }

 private:
  using Key = std::tuple<BudgetScopeKind, std::string, std::string, int64_t, int64_t>;

  static Key KeyOf(const Budget& budget, TimeRange period);

  const Database& database_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<Key, Measured> measured_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized::server
