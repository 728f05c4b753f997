// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which attributes the outliers of a step share.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"
#include "storage/catalog/catalog.h"

namespace itemized {

// Calls and outliers that share something.
struct TraitCounts {
  int64_t calls = 0;
  int64_t outliers = 0;

  void Merge(const TraitCounts& other) {
    calls += other.calls;
    outliers += other.outliers;
  }
};

// Counts calls by step and by value of each attribute. An attribute with more than kValuesMax
// values in a step names single things rather than a kind of them, and is left out; so are all if
// there are more than kAllMax of them. Not thread-safe.
class AttributeTraits {
 public:
  static constexpr size_t kValuesMax = 256;
  static constexpr size_t kAllMax = 200'000;

  // What Add needs.
  static ColumnMask columns();

  // Adds the rows of a block; `steps` has the step of each SeriesId.
  void Add(const CallRows& calls, const std::vector<NameId>& steps);
  void Merge(const AttributeTraits& other);

  // Visits each attribute of the calls of a step with each of its values.
  using Visitor = absl::FunctionRef<void(absl::string_view key, absl::string_view value,
                                         const TraitCounts& counts)>;
  void Visit(NameId step, Visitor visit) const;

 private:
  struct Values {
    absl::flat_hash_map<std::string, TraitCounts> counts;  // It is empty once there were too many.
    bool too_many = false;
  };
  using Keys = absl::flat_hash_map<std::string, Values>;

  void AddSet(const CallRows& calls, NameId step, uint32_t set, const TraitCounts& counts);
  void AddValue(absl::string_view value, const TraitCounts& counts, Values* values);

  absl::flat_hash_map<uint32_t, Keys> keys_of_steps_;  // Its keys are the numbers of NameIds.
  size_t all_ = 0;                                     // Values of all steps and attributes.
};

}  // namespace itemized
