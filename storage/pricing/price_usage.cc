// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>

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

}  // namespace

std::optional<Picos> PriceUsage(const Rate& rate, const Usage& usage) {
  const MergedPrices prices(rate, FindTier(rate, usage));
  const bool reasoning_apart = prices.Own(Index(UsageClass::kReasoning)).has_value();
  Picos sum = prices.Own(kRequestPrice).value_or(0);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    int64_t billed = usage.counts[c];
    if (c == Index(UsageClass::kOutput) && reasoning_apart) {
      billed -= usage[UsageClass::kReasoning];
    }
    if (billed == 0 || (c == Index(UsageClass::kReasoning) && !reasoning_apart)) {
      continue;  // Reasoning without a price of its own is billed within the output.
    }
    const std::optional<int64_t>& price = prices.OfClass(c);
    if (!price) {
      return std::nullopt;
    }
    sum += Picos(billed) * *price;
  }
  return sum;
}

}  // namespace itemized
