#pragma once

// Sums over calls: what every view of calls is made of.

#include <string>

#include "absl/strings/string_view.h"
#include "storage/base/money.h"
#include "storage/log/block.h"
#include "storage/model/usage.h"

namespace itemized {

// Sums over a set of calls, retracted ones taken out.
struct CallSums {
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  int64_t outliers = 0;
  Picos cost = 0;  // Of the priced calls.
  Usage usage;

  void Add(const CallRows& calls_of, size_t row);
  void Merge(const CallSums& other);
  void Subtract(const CallSums& other);
  bool operator==(const CallSums&) const = default;

  // The persisted form (storage/FORMAT.md, "Call sums").
  void EncodeTo(std::string* out) const;
  bool DecodeFrom(absl::string_view* in);
};

}  // namespace itemized
