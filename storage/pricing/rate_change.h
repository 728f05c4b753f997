// SPDX-License-Identifier: Apache-2.0
#pragma once

// What somebody changes in the rate book, and what came of it.

#include <cstdint>
#include <string>

#include "storage/pricing/rate.h"

namespace itemized {

// Names one rate of the book.
struct RateName {
  std::string provider;  // Empty means any.
  ModelMatch match;
  int64_t effective_from_us = 0;
  HoursOfDay hours = {};
  std::string service_tier = {};
  std::string region = {};
  std::string attribute_key = {};
  std::string attribute_value = {};
};

// A rate that is no longer in the book: another took its place, or it was removed.
struct EndedRate {
  Rate rate;
  int64_t at_us = 0;  // When that was.
};

// Which earlier calls a change of the book prices again.
enum class Reprice : uint8_t {
  kAll,       // Those that it concerns.
  kUnpriced,  // Those among them that have no price; others keep what they cost.
};

struct RateChange {
  int64_t added = 0;
  int64_t replaced = 0;
  int64_t removed = 0;
  // Earlier calls whose cost changed. Changes of the book that came at about the same time are
  // counted together.
  int64_t repriced_calls = 0;
};

// How far the pricing of earlier calls by a changed rate book is.
struct RepricingProgress {
  int64_t calls = 0;  // Calls that the change may concern.
  int64_t done = 0;   // How many of these calls have been looked at.
};

}  // namespace itemized
