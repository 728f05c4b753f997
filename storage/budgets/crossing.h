// SPDX-License-Identifier: Apache-2.0
#pragma once

// A crossing says that the spend of a period has reached a threshold of its budget. Each is told
// once: what was told is kept.

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/budgets/budget.h"

namespace itemized {

// What became of the webhook of a crossing. PERSISTED: never change or reuse a number.
enum class Delivery : uint8_t {
  kNone = 0,     // The budget had no webhook.
  kPending = 1,  // The receiver has not taken it yet.
  kSent = 2,
  kGivenUp = 3,  // The receiver refused it for good, or did not take it in time.
};

// A plain value. Money is in pico-dollars.
struct Crossing {
  TimeRange period;
  int32_t percent = 0;
  Picos amount = 0;  // The amount of the budget when it was noticed.
  Picos spent = 0;   // What was spent in the period by then.
  std::optional<Picos> forecast = {};
  int64_t noticed_us = 0;
  // The amount that it was compared with last. Another one is compared with the spend anew, so that
  // a budget that was raised is told of again.
  Picos judged_amount = 0;
  Delivery delivery = Delivery::kNone;
  int64_t settled_us = 0;  // When the webhook was sent or given up; 0 before.

  bool IsOf(const TimeRange& other, int32_t threshold) const {
    return period == other && percent == threshold;
  }
  bool operator==(const Crossing&) const = default;
};

// Whether a spend reaches `percent` of `amount`. A budget of 100 USD is at 80 % from 80 USD on.
bool Reaches(Picos spent, Picos amount, int32_t percent);

// What the spend of a period makes of the crossings of a budget.
struct Judgement {
  std::vector<Crossing> kept;     // All that are known now, the new ones too, by period.
  std::vector<Crossing> noticed;  // Those that are new, by rising threshold.
  bool changed = false;           // `kept` differs from what was known before.
};

// Judges what was spent in `period`, as of `now_us`, beside the crossings that are known. Those of
// periods that ended more than kLatePeriodUs ago and are settled are dropped.
Judgement Judge(const Budget& budget, TimeRange period, Picos spent,
                const std::vector<Crossing>& known, int64_t now_us);

// Calls that arrive so long after the end of a period still count for its crossings.
inline constexpr int64_t kLatePeriodUs = kMicrosPerDay;

// Returns the periods that are looked at: the one of now, and before it the one that ended less
// than kLatePeriodUs ago, unless the budget was set after its end. `zone` is that of the budget.
std::vector<TimeRange> PeriodsToJudge(const Budget& budget, absl::TimeZone zone, int64_t now_us);

}  // namespace itemized
