// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vectors of tests/data/usage_shapes, whose page says what their fields are. If the
// environment names a folder by ITEMIZED_USAGE_SHAPES, its files are vectors, too.

#include <optional>
#include <string>
#include <vector>

#include "storage/model/usage.h"

namespace itemized::testing {

struct UsageVector {
  std::string name;                 // "openai: chat"
  std::vector<std::string> pieces;  // JSON of what a client sees, in order.
  // The answers that are right, best first; a vector with nothing to count has an empty one.
  std::vector<std::optional<Usage>> usages;
  // Each is absent where it is not compared; see the page. A provider that is told in
  // no form at all is not compared either.
  std::optional<std::string> provider, service_tier, region, reported_cost_usd, model, shape, told;
};

std::vector<UsageVector> ReadUsageVectors();

// JSON of an array of the pieces.
std::string InAnArray(const std::vector<std::string>& pieces);

}  // namespace itemized::testing
