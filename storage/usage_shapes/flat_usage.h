// SPDX-License-Identifier: Apache-2.0
#pragma once

// A usage object as a map from path to value: "promptTokensDetails[AUDIO].tokenCount".

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/usage_shapes/usage_tree.h"

namespace itemized {

struct FlatUsage {
  std::map<std::string, JsonValue, std::less<>> numbers;
  // Texts, booleans, and whole objects and lists.
  std::map<std::string, JsonValue, std::less<>> others;

  bool is_empty() const { return numbers.empty() && others.empty(); }
  bool Has(absl::string_view path) const;
};

// Flattens an object. The numbers of those elements of a list that have the same label are added
// up; the label of an element is the first of `labels` that it has.
FlatUsage Flatten(const UsageNode& usage, const std::vector<std::string>& labels);

}  // namespace itemized
