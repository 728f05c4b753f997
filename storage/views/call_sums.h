// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sums over calls, of which every view of calls is made.

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/money.h"
#include "storage/block/block.h"
#include "storage/model/usage.h"

namespace itemized {

// Sums over a set of calls, retracted ones taken out.
struct CallSums {
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  int64_t usage_missing_calls = 0;  // Unpriced calls for which no usage was reported.
  int64_t outliers = 0;             // Calls over a learned threshold.
  int64_t learning_calls = 0;  // Calls over the default one; nobody knows if they are outliers.
  Picos cost = 0;              // The cost of the priced calls.
  Usage usage;

  void Merge(const CallSums& other);
  void Subtract(const CallSums& other);
  bool operator==(const CallSums&) const = default;

  // Append and read the persisted form (storage/FORMAT.md, "Call sums"). DecodeFrom returns false
  // if it is malformed.
  void EncodeTo(std::string* out) const;
  bool DecodeFrom(absl::string_view* in);
};

// Adds rows of one block to sums. It knows which usage classes the block has, and skips the others.
class RowSums {
 public:
  // Does not own `calls`.
  explicit RowSums(const CallRows& calls) : calls_(calls), used_(calls) {}
  // Leaves usages out if `costs_only`, since they come to nothing.
  RowSums(const CallRows& calls, bool costs_only)
      : calls_(calls), used_(costs_only ? UsedClasses(CallRows()) : UsedClasses(calls)) {}

  // Adds a row `weight` times. Callers pass the row's own weight, or its negative to take out what
  // the row added.
  void AddTo(CallSums* sums, size_t row, int64_t weight) const;

  // Returns the sums of many rows, each with its own weight.
  CallSums Of(absl::Span<const uint32_t> rows) const;

 private:
  const CallRows& calls_;
  const UsedClasses used_;
};

}  // namespace itemized
