// SPDX-License-Identifier: Apache-2.0
#pragma once

// The prices of a rate in the order in which commands show them: those of classes that are part
// of no other first, so input and output, then the other classes and the price of a call.

#include <array>
#include <cstddef>
#include <string>

#include "proto/usage_fields.h"

namespace itemized::cli {

// Whether this price is one of tokens that always needs a figure of its own.
constexpr bool IsMainPrice(size_t price) {
  return price < kUsageClassCount && kUsageClasses[price].kind != UsageKind::kRequests &&
         static_cast<size_t>(kUsageClasses[price].billed_as) == price;
}

// Indices into kPriceFields.
inline constexpr auto kPricesShown = [] {
  std::array<size_t, kPriceFields.size()> order{};
  size_t next = 0;
  for (const bool main : {true, false}) {
    for (size_t price = 0; price < order.size(); ++price) {
      if (IsMainPrice(price) == main) {
        order[next++] = price;
      }
    }
  }
  return order;
}();

// Returns the option of `rates set` for a price: "--cache-read".
std::string OptionOf(size_t price);

// Returns what the help on that option says: "Input from the provider's cache; else as --input".
std::string HelpOf(size_t price);

// Returns the head of a price's column: "CACHE READ".
std::string HeaderOf(size_t price);

}  // namespace itemized::cli
