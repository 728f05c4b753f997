// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the price of a call comes about, or why there is none, for people to read. It is derived from
// the rate book when somebody asks.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "storage/base/money.h"
#include "storage/model/call.h"
#include "storage/pricing/name_forms.h"
#include "storage/pricing/rate.h"
#include "storage/pricing/rate_book.h"

namespace itemized {

// A rate, and the form of the call's names by which it was found.
struct FoundRate {
  Rate rate;
  NameForm form;
};

struct PriceExplanation {
  // How the call was served, as rates name it; "" for the standard, and anywhere.
  std::string service_tier;
  std::string region;
  std::vector<std::pair<std::string, std::string>> contracts;

  std::optional<FoundRate> base;  // The rate whose prices count; not set if there is none.
  std::optional<int64_t> tier_input_tokens_over;  // Its tier, if the input is large enough for one.
  std::optional<Rate> exchange;                   // Set if the prices are in another currency.
  std::vector<FoundRate> multipliers;             // They stand in the order in which they apply.
  std::vector<BilledLine> lines;                  // Empty without a rate or usage.

  std::optional<Picos> cost;    // The sum of the lines; not set if the call is unpriced.
  std::string unpriced_reason;  // A few words, such as "no rate for the model"; "" if it is priced.
};

// Explains the price of `call` under `book`.
PriceExplanation ExplainPrice(const RateBook& book, const Call& call);

// Tells the unpriced_reason of many calls. Not thread-safe.
class UnpricedReasons {
 public:
  explicit UnpricedReasons(std::shared_ptr<const RateBook> book) : book_(std::move(book)) {}

  std::string Of(const Call& call);

 private:
  const std::shared_ptr<const RateBook> book_;
  // Whether any rate is for a provider and model: where none is, no other part of a call matters.
  absl::flat_hash_map<std::pair<std::string, std::string>, bool> covered_;
};

// Returns how `call` was served. It has views into the call.
ServedAs ServedOf(const Call& call, const Contracts& contracts);

}  // namespace itemized
