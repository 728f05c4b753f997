// SPDX-License-Identifier: Apache-2.0
#pragma once

// A hash of what a sender says about a call beside its ids: tells a re-delivery
// from another call under the same id.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

#include "storage/log/block.h"
#include "storage/model/usage.h"

namespace itemized {

// 32 bits of XXH3: two different contents are taken for the same once in 2^32.
using CallContent = uint32_t;

// What the hash is made of. The cost is not: it may change with the rates.
struct ContentFields {
  SeriesId series = 0;
  int64_t time_us = 0;
  int64_t duration_us = 0;
  CallStatus status = CallStatus::kOk;
  bool usage_missing = false;
  Usage usage;              // All zero if missing.
  uint64_t attributes = 0;  // By HashAttribute from 0, over all by rising key.
};
CallContent HashContent(const ContentFields& fields);
uint64_t HashAttribute(uint64_t before, absl::string_view key, absl::string_view value);

// The same of rows of a block. Does not own `calls`; thread-safe.
class RowContents {
 public:
  explicit RowContents(const CallRows& calls) : calls_(calls), used_(calls) {}

  CallContent Of(size_t row) const;
  const CallRows& calls() const { return calls_; }

 private:
  uint64_t AttributesOf(size_t row) const;

  const CallRows& calls_;
  const UsedClasses used_;
};

}  // namespace itemized
