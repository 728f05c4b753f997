// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/naive_pricing.h"

#include <cstddef>
#include <string>
#include <tuple>

#include "storage/base/check.h"
#include "tests/storage/pricing/plain_rules.h"

namespace itemized::testing {
namespace {

size_t Index(UsageClass usage_class) {
  return static_cast<size_t>(usage_class);
}

bool Matches(const ModelMatch& match, const std::string& model) {
  const std::string& text = match.text;
  switch (match.kind) {
    case ModelMatch::Kind::kEquals:
      return model == text;
    case ModelMatch::Kind::kStartsWith:
      return model.size() >= text.size() && model.compare(0, text.size(), text) == 0;
    case ModelMatch::Kind::kEndsWith:
      return model.size() >= text.size() &&
             model.compare(model.size() - text.size(), text.size(), text) == 0;
    case ModelMatch::Kind::kContains:
      return model.find(text) != std::string::npos;
    case ModelMatch::Kind::kRegex:
    case ModelMatch::Kind::kAnyOf:
    case ModelMatch::Kind::kAllOf:
      break;
  }
  CHECK(false && "the naive model knows only plain leaves");
  return false;
}

// The provider that a call without one is of, as its model tells.
std::string MakerOf(const std::string& model) {
  if (model.rfind("claude", 0) == 0) {
    return "anthropic";
  }
  return model.rfind("gpt-", 0) == 0 ? "openai" : "";
}

// Whether a rate is for the provider as the call names it, or for any.
bool IsForTheProvider(const Rate& rate, const Call& call) {
  return rate.provider.empty() || rate.provider == call.provider;
}

bool Covers(const Rate& rate, const Call& call) {
  return rate.effective_from_us <= call.time_us &&
         (IsForTheProvider(rate, call) ||
          (call.provider.empty() && rate.provider == MakerOf(call.model))) &&
         Matches(rate.match, call.model);
}

// Greater is better.
auto Rank(const NaiveRate& entry, const Call& call) {
  const Rate& rate = entry.rate;
  const bool exact = rate.match.kind == ModelMatch::Kind::kEquals;
  return std::make_tuple(IsForTheProvider(rate, call), !rate.provider.empty(), exact,
                         exact ? 0 : rate.match.text.size(), rate.effective_from_us, entry.order);
}

Prices MergedPrices(const Rate& rate, int64_t total_input) {
  const RateTier* last = nullptr;
  for (const RateTier& tier : rate.tiers) {
    if (total_input > tier.input_tokens_over) {
      last = &tier;
    }
  }
  Prices merged = rate.prices;
  for (size_t i = 0; last != nullptr && i < kPriceCount; ++i) {
    if (last->prices[i].has_value()) {
      merged[i] = last->prices[i];
    }
  }
  return merged;
}

std::optional<int64_t> UnitPrice(const Prices& prices, UsageClass usage_class) {
  std::optional<UsageClass> current = usage_class;
  while (current.has_value()) {
    if (prices[Index(*current)].has_value()) {
      return prices[Index(*current)];
    }
    current = PlainPartOf(*current);
  }
  return std::nullopt;
}

// What is billed of each class: reasoning leaves output if it has its own price.
Usage BilledUsage(const Usage& usage, const Prices& prices) {
  Usage billed = usage;
  if (prices[Index(UsageClass::kReasoning)].has_value()) {
    billed[UsageClass::kOutput] -= usage[UsageClass::kReasoning];
  } else {
    billed[UsageClass::kReasoning] = 0;
  }
  return billed;
}

}  // namespace

const NaiveRate* NaiveFindRate(const std::vector<NaiveRate>& book, const Call& call) {
  const NaiveRate* best = nullptr;
  for (const NaiveRate& entry : book) {
    if (Covers(entry.rate, call) && (best == nullptr || Rank(entry, call) > Rank(*best, call))) {
      best = &entry;
    }
  }
  return best;
}

std::optional<Picos> NaiveCost(const std::vector<NaiveRate>& book, const Call& call) {
  if (!call.usage.has_value()) {
    return std::nullopt;
  }
  const NaiveRate* entry = NaiveFindRate(book, call);
  if (entry == nullptr) {
    return std::nullopt;
  }
  const Prices prices = MergedPrices(entry->rate, PlainTotalInput(*call.usage));
  const Usage billed = BilledUsage(*call.usage, prices);
  Picos cost = prices[kRequestPrice].value_or(0);
  for (size_t i = 0; i < kUsageClassCount; ++i) {
    if (billed.counts[i] == 0) {
      continue;
    }
    const std::optional<int64_t> price = UnitPrice(prices, static_cast<UsageClass>(i));
    if (!price.has_value()) {
      return std::nullopt;
    }
    cost += Picos{billed.counts[i]} * *price;
  }
  return cost;
}

}  // namespace itemized::testing
