// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which calls a changed rate book may concern, and in which order they are looked at.

#include <cstdint>
#include <utility>
#include <vector>

#include "storage/base/time.h"
#include "storage/pricing/rate_book.h"
#include "storage/store/state.h"

namespace itemized {

// What has changed.
struct RepricingScope {
  int64_t from_us = kTimeMaxUs;       // Earlier calls keep their price.
  bool all = false;                   // Whatever their model; else as `rates` say.
  std::vector<CheckedRatePtr> rates;  // New, replaced or removed ones.
};

struct RepricingPlan {
  int64_t from_us = 0;
  std::vector<bool> covered;                    // By SeriesId.
  std::vector<std::pair<Hour, int64_t>> hours;  // With any such calls, and how many calls they
                                                // have in all, in the order to go through.
  int64_t calls = 0;                            // That may be concerned.
};

// The days that baselines look at come first, by rising hour, then those before them: so
// what is normal for a step is known when older calls are judged. The committer's thread only.
RepricingPlan PlanRepricing(const State& state, const RepricingScope& scope);

}  // namespace itemized
