// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values of many shapes to fill histograms with.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/sketch/histogram.h"

namespace itemized {

struct Sample {
  std::string name;
  std::vector<int64_t> values;  // In no order.
};

// The same on every run: constants, few and many distinct values, narrow and
// heavy-tailed, the rims of buckets, and everything up to 2^63 - 1.
std::vector<Sample> Samples();

// Of each value once.
Histogram Of(const std::vector<int64_t>& values);

}  // namespace itemized
