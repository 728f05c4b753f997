// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is changed in the rate book, and what has become of it.

#include <cstdint>
#include <string>

#include "storage/pricing/model_match.h"

namespace itemized {

// Names one rate of the book.
struct RateName {
  std::string provider;  // Empty: any.
  ModelMatch match;
  int64_t effective_from_us = 0;
};

struct RateChange {
  int64_t added = 0;
  int64_t replaced = 0;
  int64_t removed = 0;
  // Earlier calls whose cost changed; of all changes of the book that came at about the same
  // time.
  int64_t repriced_calls = 0;
};

// Earlier calls that are being priced again, for rates have changed.
struct RepricingProgress {
  int64_t calls = 0;  // That may be concerned.
  int64_t done = 0;   // Of those.
};

}  // namespace itemized
