// SPDX-License-Identifier: Apache-2.0
#pragma once

// The price of a call, derived from the rules of the rate book by brute force
// and without storage/pricing's code, so that tests can judge that code.

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/base/money.h"
#include "storage/model/call.h"
#include "storage/pricing/rate.h"

namespace itemized::testing {

// A rate and when it was set, counted up.
struct NaiveRate {
  Rate rate;
  uint64_t order = 0;
};

// The rate that holds for `call`, or null.
const NaiveRate* NaiveFindRate(const std::vector<NaiveRate>& book, const Call& call);

// The cost of `call` under `book`, or nothing if it is unpriced.
std::optional<Picos> NaiveCost(const std::vector<NaiveRate>& book, const Call& call);

}  // namespace itemized::testing
