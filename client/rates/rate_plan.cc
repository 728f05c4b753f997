// SPDX-License-Identifier: Apache-2.0
#include "client/rates/rate_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/usage_fields.h"

#include "client/rates/to_rate.h"
#include "storage/model/served_as.h"
#include "storage/pricing/rate_book.h"

namespace itemized::client {
namespace {

constexpr size_t kLargeMovesShown = 20;
constexpr int64_t kLargeFactor = 10;
constexpr int64_t kOutsideTiers = -1;
constexpr absl::string_view kCurrency = "currency";

// Returns a price in units of 10^-12 USD; 0 if there is none.
Picos PicosOf(const std::string& usd) {
  return usd.empty() ? Picos(0) : ParseUsd(usd).value_or(0);
}

// Adds each field whose price differs. Equal amounts may be written differently.
void AddMoves(const v1::Prices& before, const v1::Prices& after, int64_t over_tokens,
              std::vector<PriceMove>* moves) {
  for (const PriceField& field : kPriceFields) {
    const std::string& a = (before.*field.get)();
    const std::string& b = (after.*field.get)();
    if (a.empty() != b.empty() || PicosOf(a) != PicosOf(b)) {
      moves->push_back({std::string(field.name), over_tokens, a, b});
    }
  }
}

std::map<int64_t, v1::Prices> TiersOf(const v1::Rate& rate) {
  std::map<int64_t, v1::Prices> tiers;
  for (const v1::RateTier& tier : rate.tiers()) {
    tiers[tier.input_tokens_over()] = tier.prices();
  }
  return tiers;
}

std::vector<PriceMove> MovesBetween(const v1::Rate& before, const v1::Rate& after) {
  std::vector<PriceMove> moves;
  if (before.currency() != after.currency()) {
    moves.push_back({std::string(kCurrency), kOutsideTiers, before.currency(), after.currency()});
  }
  if (PicosOf(before.multiplier()) != PicosOf(after.multiplier())) {
    moves.push_back({"multiplier", kOutsideTiers, before.multiplier(), after.multiplier()});
  }
  AddMoves(before.prices(), after.prices(), kOutsideTiers, &moves);
  const std::map<int64_t, v1::Prices> old_tiers = TiersOf(before);
  std::map<int64_t, v1::Prices> new_tiers = TiersOf(after);
  for (const auto& [over, prices] : old_tiers) {
    AddMoves(prices, new_tiers[over], over, &moves);
    new_tiers.erase(over);
  }
  for (const auto& [over, prices] : new_tiers) {
    AddMoves({}, prices, over, &moves);
  }
  return moves;
}

// Returns a model's name that the match is for: an exact one, or the beginning of several; "" if
// there is none in it.
std::string NameIn(const v1::ModelMatch& match) {
  if (match.has_any_of()) {
    for (const v1::ModelMatch& part : match.any_of().matches()) {
      if (std::string name = NameIn(part); !name.empty()) {
        return name;
      }
    }
  }
  return match.has_starts_with() ? match.starts_with() : match.equals();
}

class Planner {
 public:
  explicit Planner(absl::Span<const v1::Rate> book) {
    for (const v1::Rate& rate : book) {
      if (absl::StatusOr<Rate> known = ToRate(rate); known.ok() && rate.ended_at_unix_us() == 0) {
        const std::string key = RateKey(*known);
        if (before_.Set(*std::move(known)).ok()) {
          by_key_[key] = &rate;
        }
      }
    }
    after_ = before_;
  }

  RatePlan Plan(absl::Span<const v1::Rate> rates, int64_t now_us) {
    for (const v1::Rate& rate : rates) {
      absl::StatusOr<Rate> wanted = ToRate(rate);
      if (!wanted.ok()) {
        Refuse(rate, wanted.status());
        continue;
      }
      wanted->origin = RateOrigin::kUser;
      const std::string key = RateKey(*wanted);
      const std::optional<v1::Rate> held = PricedBy(rate, *wanted, now_us);
      if (const auto set = after_.Set(*std::move(wanted)); !set.ok()) {
        Refuse(rate, set.status());
      } else if (!keys_.insert(key).second) {
        Refuse(rate, absl::InvalidArgumentError(
                         "Another rate of the list is for the same models, provider and time; "
                         "leave one out."));
      } else {
        Place(rate, key, held);
      }
    }
    return std::move(plan_);
  }

 private:
  void Refuse(const v1::Rate& rate, const absl::Status& why) {
    plan_.refused.push_back({rate, std::string(why.message())});
  }

  // Returns the rate by which calls of the rate's names are priced now.
  std::optional<v1::Rate> PricedBy(const v1::Rate& rate, const Rate& wanted, int64_t now_us) const {
    const std::string name = NameIn(rate.match());
    if (name.empty()) {
      return std::nullopt;
    }
    const ServedAs served = {.service_tier = wanted.service_tier, .region = wanted.region};
    const RateBook::Schedule schedule = before_.Find(rate.provider(), name, served);
    const Rate* const found = schedule.At(now_us);
    return found == nullptr ? std::nullopt : std::optional(*by_key_.at(RateKey(*found)));
  }

  void Place(const v1::Rate& rate, const std::string& key, const std::optional<v1::Rate>& held) {
    const auto replaced = by_key_.find(key);
    if (replaced == by_key_.end()) {
      plan_.added.push_back({rate, held, MovesBetween(held.value_or(v1::Rate()), rate)});
      return;
    }
    std::vector<PriceMove> moves = MovesBetween(*replaced->second, rate);
    if (moves.empty()) {
      ++plan_.unchanged;
    } else {
      plan_.changed.push_back({rate, *replaced->second, std::move(moves)});
    }
  }

  RateBook before_;
  RateBook after_;
  std::map<std::string, const v1::Rate*> by_key_;  // The book, by RateKey.
  std::set<std::string> keys_;                     // Those of the list so far.
  RatePlan plan_;
};

std::string WithCommas(Picos count) {
  std::string digits = FormatUsd(count * kPicosPerUsd);
  for (size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, ",");
  }
  return digits;
}

// Returns how far a price moves, from 1 up, whatever the direction; more than any factor if it
// moves from or to 0.
Picos MagnitudeOf(const PriceMove& move) {
  const Picos before = PicosOf(move.before);
  const Picos after = PicosOf(move.after);
  const Picos low = std::min(before, after);
  return low == 0 ? Picos(INT64_MAX) : std::max(before, after) / low;
}

std::string Amount(const std::string& usd) {
  return absl::StrCat("$", FormatUsd(PicosOf(usd)));
}

std::string Sentence(const std::string& name, const PriceMove& move) {
  const std::string factor = FactorText(move);
  return absl::StrCat(
      "The ", move.field, " price of ", name,
      move.over_tokens == kOutsideTiers ? "" : absl::StrCat(" over ", move.over_tokens, " tokens"),
      " moves from ", Amount(move.before), " to ", Amount(move.after),
      factor.empty() ? "" : absl::StrCat(" (", factor, ")"), "; check the units.");
}

}  // namespace

RatePlan PlanRates(absl::Span<const v1::Rate> book, absl::Span<const v1::Rate> rates,
                   int64_t now_us) {
  return Planner(book).Plan(rates, now_us);
}

std::string FactorText(const PriceMove& move) {
  const Picos before = PicosOf(move.before);
  const Picos after = PicosOf(move.after);
  if (before == 0 || move.after.empty() || move.field == kCurrency) {
    return "";
  }
  if (after != 0 && before / after >= 100) {
    return absl::StrCat("x1/", WithCommas(DivideRounded(before, after)));
  }
  if (after / before >= 100) {
    return absl::StrCat("x", WithCommas(DivideRounded(after, before)));
  }
  return absl::StrCat("x",
                      FormatUsd(DivideRounded(after * 1'000, before) * (kPicosPerUsd / 1'000)));
}

bool IsLarge(const PriceMove& move) {
  if (move.before.empty() || move.after.empty() || move.field == kCurrency) {
    return false;
  }
  const Picos before = PicosOf(move.before);
  const Picos after = PicosOf(move.after);
  return after > before * kLargeFactor || before > after * kLargeFactor;
}

std::vector<std::string> LargeMoves(const RatePlan& plan,
                                    std::string (*name)(const v1::Rate& rate)) {
  std::vector<std::string> sentences;
  size_t large = 0;
  for (const std::vector<PlannedRate>* const rates : {&plan.changed, &plan.added}) {
    for (const PlannedRate& planned : *rates) {
      const PriceMove* largest = nullptr;
      for (const PriceMove& move : planned.moves) {
        if (IsLarge(move) && (largest == nullptr || MagnitudeOf(move) > MagnitudeOf(*largest))) {
          largest = &move;
        }
      }
      if (largest != nullptr && ++large <= kLargeMovesShown) {
        sentences.push_back(Sentence(name(planned.rate), *largest));
      }
    }
  }
  if (large > kLargeMovesShown) {
    sentences.push_back(absl::StrCat("And ", large - kLargeMovesShown,
                                     " more rates with a price that moves more than tenfold."));
  }
  return sentences;
}

}  // namespace itemized::client
