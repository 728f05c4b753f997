// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which calls a changed rate book may concern, and in which order they are looked at.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/time.h"
#include "storage/pricing/rate_book.h"
#include "storage/store/state.h"

namespace itemized {

// Which calls are to be looked at.
struct RepricingScope {
  int64_t from_us = kTimeMaxUs;           // All calls from this instant on are,
  int64_t unpriced_from_us = kTimeMaxUs;  // and from this one on those that have no price;
  int64_t to_us = kTimeMaxUs;             // but none from this one on.
  bool all = false;                       // If true, calls of all models are concerned, else
  std::vector<CheckedRatePtr> rates =
      {};  // those that one of these new, replaced or removed rates is for.
  std::optional<std::string> provider = {};  // If set, only calls of this provider are,
  std::optional<std::string> model = {};     // and of this model.

  int64_t first_us() const { return std::min(from_us, unpriced_from_us); }
};

struct RepricingPlan {
  int64_t from_us = 0;
  int64_t unpriced_from_us = 0;
  int64_t to_us = 0;
  std::vector<bool> covered;  // Indexed by SeriesId: whether its calls may be concerned.
  // Indexed by SeriesId: whether its calls may be of models that it does not name
  // (CallRows::OtherModelAt). These are looked at one by one.
  std::vector<bool> unnamed;
  std::optional<std::string> model;  // If set, calls of this model alone are concerned.
  // The hours that have such calls, each with how many calls it has in all, in the order in which
  // they are looked at.
  std::vector<std::pair<Hour, int64_t>> hours;
  int64_t calls = 0;  // How many calls may be concerned.
};

// Returns which calls `scope` may concern. The days that baselines look at come first, by rising
// hour, then those before them, so that what is normal for a step is known when older calls are
// judged. Only the committer's thread calls it.
RepricingPlan PlanRepricing(const State& state, const RepricingScope& scope);

// Returns a plan of all calls in the hours of `blocks`.
RepricingPlan PlanUndo(const State& state, const std::vector<BlockRef>& blocks);

}  // namespace itemized
