// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "storage/pricing/rate_book.h"

namespace itemized {
namespace {

constexpr size_t Index(UsageClass c) {
  return static_cast<size_t>(c);
}

// The last tier below the total input, or null. Tiers rise.
const RateTier* FindTier(const Rate& rate, const Usage& usage) {
  const RateTier* found = nullptr;
  if (!rate.tiers.empty()) {
    const int64_t total_input = usage.TotalInput();
    for (const RateTier& tier : rate.tiers) {
      if (total_input <= tier.input_tokens_over) {
        break;
      }
      found = &tier;
    }
  }
  return found;
}

// The prices of a rate with those of a tier laid over them. A view.
class MergedPrices {
 public:
  MergedPrices(const Rate& rate, const RateTier* tier)
      : base_(rate.prices), over_(tier != nullptr ? tier->prices : rate.prices) {}

  const std::optional<int64_t>& Own(size_t i) const { return over_[i] ? over_[i] : base_[i]; }

  const std::optional<int64_t>& OfClass(size_t c) const {
    while (!Own(c) && Index(kUsageClasses[c].billed_as) != c) {
      c = Index(kUsageClasses[c].billed_as);
    }
    return Own(c);
  }

 private:
  const Prices& base_;
  const Prices& over_;
};

// Calls `add(class, count, price)` for everything that is billed, and at last once for the price of
// the call as such, with kRequestPrice and a count of 1. `price` is null if there is none.
template <typename Add>
void ForEachBilled(const Rate& rate, const Usage& usage, Add add) {
  const MergedPrices prices(rate, FindTier(rate, usage));
  const bool reasoning_apart = prices.Own(Index(UsageClass::kReasoning)).has_value();
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    int64_t billed = usage.counts[c];
    if (c == Index(UsageClass::kOutput) && reasoning_apart) {
      billed -= usage[UsageClass::kReasoning];
    }
    if (billed == 0 || (c == Index(UsageClass::kReasoning) && !reasoning_apart)) {
      continue;  // Reasoning without a price of its own is billed within the output.
    }
    add(c, billed, prices.OfClass(c));
  }
  if (prices.Own(kRequestPrice).has_value()) {
    add(kRequestPrice, int64_t{1}, prices.Own(kRequestPrice));
  }
}

constexpr Picos kPriceTooLarge = Picos(1) << 63;  // One unit costs more than a call may.

}  // namespace

std::optional<Picos> PriceUsage(const Rate& rate, const Usage& usage) {
  Picos sum = 0;
  bool all_priced = true;
  ForEachBilled(rate, usage, [&](size_t, int64_t count, const std::optional<int64_t>& price) {
    all_priced = all_priced && price.has_value();
    sum += Picos(count) * price.value_or(0);
  });
  return all_priced ? std::optional(sum) : std::nullopt;
}

Picos PriceUnder(const Terms& terms, int64_t price) {
  Picos result = price;
  if (terms.exchange != nullptr) {
    result = DivideRounded(result * *terms.exchange->prices[kRequestPrice], kPicosPerUsd);
  }
  for (const RateCandidate& multiplier : terms.multipliers) {
    result = DivideRounded(result * multiplier.rate->multiplier_ppm, kPpm);
    result = std::min(result, kPriceTooLarge);
  }
  return std::min(result, kPriceTooLarge);
}

std::optional<Picos> PriceUsage(const Terms& terms, const Usage& usage) {
  if (!terms.is_priced()) {
    return std::nullopt;
  }
  if (terms.exchange == nullptr && terms.multipliers.empty()) {
    return PriceUsage(*terms.base.rate, usage);
  }
  Picos sum = 0;
  bool all_priced = true;
  ForEachBilled(*terms.base.rate, usage,
                [&](size_t, int64_t count, const std::optional<int64_t>& price) {
                  all_priced = all_priced && price.has_value();
                  sum += Picos(count) * PriceUnder(terms, price.value_or(0));
                });
  return all_priced ? std::optional(sum) : std::nullopt;
}

std::vector<BilledLine> LinesOf(const Terms& terms, const Usage& usage) {
  std::vector<BilledLine> lines;
  ForEachBilled(*terms.base.rate, usage,
                [&](size_t price_class, int64_t count, const std::optional<int64_t>& price) {
                  BilledLine& line = lines.emplace_back();
                  line.price_class = price_class;
                  line.count = count;
                  line.list_price = price;
                  if (price.has_value() && !terms.has_no_exchange) {
                    line.price = PriceUnder(terms, *price);
                  }
                });
  return lines;
}

const RateTier* TierOf(const Rate& rate, const Usage& usage) {
  return FindTier(rate, usage);
}

}  // namespace itemized
