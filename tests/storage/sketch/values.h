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
  std::vector<int64_t> values;  // Not sorted.
};

// Returns samples that do not change from run to run: constants, few and many distinct values,
// narrow and heavy-tailed ones, the rims of buckets, and everything up to 2^63 - 1.
std::vector<Sample> Samples();

// Returns the histogram of `values`, each counted once.
Histogram Of(const std::vector<int64_t>& values);

}  // namespace itemized
