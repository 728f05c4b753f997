// SPDX-License-Identifier: Apache-2.0
#pragma once

// The usage classes in messages. Usage, TopRow and SeriesPoint have a count for each class, all
// of the same names, CallColumns a column and Prices a price: these functions go through them in
// the order of the table, so that nobody else has to name them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "google/protobuf/repeated_field.h"
#include "itemized/v1/event.pb.h"
#include "itemized/v1/rates.pb.h"

#include "storage/base/usage_classes.h"

namespace itemized {

using UsageCounts = std::array<int64_t, kUsageClassCount>;

// The counts of a Usage, a TopRow or a SeriesPoint.
template <typename Message>
UsageCounts CountsOf(const Message& message) {
  return {
#define ITEMIZED_COUNT(number, column, constant, count, ...) message.count(),
      ITEMIZED_USAGE_CLASSES(ITEMIZED_COUNT)
#undef ITEMIZED_COUNT
  };
}

// Sets the counts of a Usage, a TopRow or a SeriesPoint.
template <typename Message>
void SetCounts(const UsageCounts& counts, Message* message) {
#define ITEMIZED_COUNT(number, column, constant, count, ...) message->set_##count(counts[number]);
  ITEMIZED_USAGE_CLASSES(ITEMIZED_COUNT)
#undef ITEMIZED_COUNT
}

// The column of each class, to be filled.
inline std::array<google::protobuf::RepeatedField<int64_t>*, kUsageClassCount> UsageColumnsOf(
    v1::CallColumns* columns) {
  return {
#define ITEMIZED_COLUMN(number, column, constant, count, ...) columns->mutable_##count(),
      ITEMIZED_USAGE_CLASSES(ITEMIZED_COLUMN)
#undef ITEMIZED_COLUMN
  };
}

// A field of Prices. Its amount is in USD for so many `units` (tokens, searches, calls), and as a
// unit costs whole pico-dollars, it has so many `decimals` at most.
struct PriceField {
  absl::string_view name;
  const std::string& (v1::Prices::*get)() const;
  std::string* (v1::Prices::*mutate)();
  int64_t units;
  int decimals;
};

constexpr int64_t UnitsPriced(UsageKind kind) {
  return kind == UsageKind::kRequests ? 1'000 : 1'000'000;
}

constexpr int PriceDecimals(UsageKind kind) {
  return kind == UsageKind::kRequests ? 12 - 3 : 12 - 6;
}

// The prices of all classes, each at the place of its number, and behind them that of a call.
inline constexpr std::array kPriceFields = {
#define ITEMIZED_PRICE(number, column, constant, count, price, kind, ...) \
  PriceField{#price, &v1::Prices::price, &v1::Prices::mutable_##price,    \
             UnitsPriced(UsageKind::kind), PriceDecimals(UsageKind::kind)},
    ITEMIZED_USAGE_CLASSES(ITEMIZED_PRICE)
#undef ITEMIZED_PRICE
        PriceField{"request", &v1::Prices::request, &v1::Prices::mutable_request,
                   UnitsPriced(UsageKind::kRequests), PriceDecimals(UsageKind::kRequests)},
};

}  // namespace itemized
