// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/naive_pricing.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

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

bool IsInItsHours(const Rate& rate, int64_t time_us) {
  const int64_t second = time_us / 1'000'000 % 86'400;
  const int64_t from = rate.hours.from_s;
  const int64_t to = rate.hours.to_s;
  if (from == to) {
    return true;
  }
  return from < to ? from <= second && second < to : second < to || from <= second;
}

bool Covers(const Rate& rate, const Call& call) {
  return rate.effective_from_us <= call.time_us && IsInItsHours(rate, call.time_us) &&
         (IsForTheProvider(rate, call) ||
          (call.provider.empty() && rate.provider == MakerOf(call.model))) &&
         Matches(rate.match, call.model);
}

// Greater is better.
auto Rank(const NaiveRate& entry, const Call& call) {
  const Rate& rate = entry.rate;
  const bool exact = rate.match.kind == ModelMatch::Kind::kEquals;
  const bool by_hour = rate.hours.from_s != rate.hours.to_s;
  return std::make_tuple(rate.origin == RateOrigin::kUser, IsForTheProvider(rate, call),
                         !rate.provider.empty(), exact, exact ? 0 : rate.match.text.size(),
                         rate.effective_from_us, by_hour, entry.order);
}

using Attribute = std::pair<std::string, std::string>;

// What a call has of its own beside its model, as far as it has not been taken away yet.
struct Conditions {
  std::string tier;
  std::string region;
  std::vector<Attribute> attributes;  // They are sorted. The first is the contract that counts.
};

Conditions ConditionsOf(const Call& call) {
  Conditions of_call;
  for (const auto& [key, value] : call.attributes) {
    if (key == "itemized.service_tier") {
      of_call.tier = value == "standard" ? "" : value;
    } else if (key == "itemized.region") {
      of_call.region = value == "global" ? "" : value;
    } else {
      of_call.attributes.emplace_back(key, value);
    }
  }
  std::sort(of_call.attributes.begin(), of_call.attributes.end());
  return of_call;
}

// A price and all that multiplies it, the first to be applied first.
struct NaiveTerms {
  const NaiveRate* own = nullptr;
  std::vector<int64_t> multipliers_ppm;
};

class TermsFinder {
 public:
  TermsFinder(const std::vector<NaiveRate>& book, const Call& call) : book_(book), call_(call) {}

  std::optional<NaiveTerms> Find(const Conditions& call) const {
    if (auto terms = FindUsing(call)) {
      return terms;
    }
    // No rate has to do with the first attribute.
    return call.attributes.empty() ? std::nullopt : Find(Without(call, "", "", true));
  }

 private:
  static Conditions Without(Conditions call, const std::string& tier, const std::string& region,
                            bool contract) {
    call.tier = tier.empty() ? call.tier : "";
    call.region = region.empty() ? call.region : "";
    if (contract) {
      call.attributes.erase(call.attributes.begin());
    }
    return call;
  }

  const NaiveRate* Best(const Attribute& attribute, const std::string& tier,
                        const std::string& region, bool multiplies) const {
    const NaiveRate* best = nullptr;
    for (const NaiveRate& entry : book_) {
      const Rate& rate = entry.rate;
      const bool is_for = rate.service_tier == tier && rate.region == region &&
                          rate.attribute_key == attribute.first &&
                          rate.attribute_value == attribute.second &&
                          (rate.multiplier_ppm != 0) == multiplies;
      if (is_for && Covers(rate, call_) &&
          (best == nullptr || Rank(entry, call_) > Rank(*best, call_))) {
        best = &entry;
      }
    }
    return best;
  }

  // Only what the first attribute has a part in, if there is one.
  std::optional<NaiveTerms> FindUsing(const Conditions& call) const {
    const bool has_contract = !call.attributes.empty();
    const Attribute contract = has_contract ? call.attributes.front() : Attribute();
    if (const NaiveRate* own = Best(contract, call.tier, call.region, false)) {
      NaiveTerms terms{.own = own, .multipliers_ppm = {}};
      const NaiveRate* discount = Best({}, "", "", true);
      if (!has_contract && discount != nullptr) {
        terms.multipliers_ppm.push_back(discount->rate.multiplier_ppm);
      }
      return terms;
    }
    for (const bool of_contract : {true, false}) {
      for (const std::string& tier : {call.tier, std::string()}) {
        for (const std::string& region : {call.region, std::string()}) {
          const bool of_nothing = !of_contract && tier.empty() && region.empty();
          if ((of_contract && !has_contract) || of_nothing) {
            continue;
          }
          const NaiveRate* multiplier =
              Best(of_contract ? contract : Attribute(), tier, region, true);
          if (multiplier == nullptr) {
            continue;
          }
          const Conditions rest = Without(call, tier, region, of_contract);
          auto terms = of_contract ? Find(rest) : FindUsing(rest);
          if (terms.has_value()) {
            terms->multipliers_ppm.push_back(multiplier->rate.multiplier_ppm);
            return terms;
          }
        }
      }
    }
    return std::nullopt;
  }

  const std::vector<NaiveRate>& book_;
  const Call& call_;
};

// Half of a pico-dollar goes to the even neighbour.
int64_t Multiplied(int64_t price, int64_t ppm) {
  const Picos millionths = Picos{price} * ppm;
  auto whole = static_cast<int64_t>(millionths / 1'000'000);
  const auto rest = static_cast<int64_t>(millionths % 1'000'000);
  whole += rest > 500'000 || (rest == 500'000 && whole % 2 == 1) ? 1 : 0;
  return whole;
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
  const auto terms = TermsFinder(book, call).Find(ConditionsOf(call));
  return terms.has_value() ? terms->own : nullptr;
}

std::optional<Picos> NaiveCost(const std::vector<NaiveRate>& book, const Call& call) {
  const auto terms = TermsFinder(book, call).Find(ConditionsOf(call));
  if (!call.usage.has_value() || !terms.has_value()) {
    return std::nullopt;
  }
  const NaiveRate* entry = terms->own;
  const auto billed_price = [&](int64_t price) {
    for (const int64_t ppm : terms->multipliers_ppm) {
      price = Multiplied(price, ppm);
    }
    return price;
  };
  const Prices prices = MergedPrices(entry->rate, PlainTotalInput(*call.usage));
  const Usage billed = BilledUsage(*call.usage, prices);
  Picos cost = billed_price(prices[kRequestPrice].value_or(0));
  for (size_t i = 0; i < kUsageClassCount; ++i) {
    if (billed.counts[i] == 0) {
      continue;
    }
    const std::optional<int64_t> price = UnitPrice(prices, static_cast<UsageClass>(i));
    if (!price.has_value()) {
      return std::nullopt;
    }
    cost += Picos{billed.counts[i]} * billed_price(*price);
  }
  return cost;
}

}  // namespace itemized::testing
