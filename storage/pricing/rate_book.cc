// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/rate_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

absl::Status ValidatePrices(const Prices& prices, absl::string_view where) {
  bool any = false;
  for (const std::optional<int64_t>& price : prices) {
    any = any || price.has_value();
    if (price && (*price < 0 || *price > kPriceMaxPicos)) {
      return absl::InvalidArgumentError(absl::StrCat("a price ", where, " is ", FormatUsd(*price),
                                                     " USD a unit; it must be from 0 to ",
                                                     FormatUsd(kPriceMaxPicos)));
    }
  }
  if (!any) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no price ", where, "; set at least one, 0 if it is free"));
  }
  return absl::OkStatus();
}

absl::Status ValidateTiers(const std::vector<RateTier>& tiers) {
  if (tiers.size() > kTiersMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", tiers.size(), " tiers; at most ", kTiersMax, " are allowed"));
  }
  int64_t last = -1;
  for (const RateTier& tier : tiers) {
    if (tier.input_tokens_over <= last) {
      return absl::InvalidArgumentError(
          absl::StrCat("input_tokens_over of a tier is ", tier.input_tokens_over,
                       "; it must not be negative and must rise from tier to tier"));
    }
    last = tier.input_tokens_over;
    RETURN_IF_ERROR(
        ValidatePrices(tier.prices, absl::StrCat("in the tier over ", last, " input tokens")));
  }
  return absl::OkStatus();
}

absl::Status ValidateLength(absl::string_view text, size_t max, absl::string_view what) {
  if (text.size() > max) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", what, " has ", text.size(), " bytes; at most ", max, " are allowed"));
  }
  return absl::OkStatus();
}

absl::Status ValidateInstant(int64_t effective_from_us) {
  if (effective_from_us < kTimeMinUs || effective_from_us > kTimeMaxUs) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the effective instant ", effective_from_us,
        " is out of range; give microseconds since 1970-01-01 UTC, before the year 2200"));
  }
  return absl::OkStatus();
}

absl::Status ValidateParts(const Rate& rate) {
  RETURN_IF_ERROR(ValidateLength(rate.provider, kNameBytesMax, "provider"));
  RETURN_IF_ERROR(ValidateLength(rate.source, kSourceBytesMax, "source"));
  RETURN_IF_ERROR(ValidateInstant(rate.effective_from_us));
  RETURN_IF_ERROR(ValidatePrices(rate.prices, "outside the tiers"));
  return ValidateTiers(rate.tiers);
}

struct Candidate {
  const Rate* rate = nullptr;
  size_t specificity = 0;

  // Greater is better; equal candidates keep the order of the book.
  auto Rank() const {
    return std::make_tuple(!rate->provider.empty(), specificity, rate->effective_from_us);
  }
};

}  // namespace

absl::Status ValidateRate(const Rate& rate) {
  RETURN_IF_ERROR(rate.match.Validate());
  const absl::Status status = ValidateParts(rate);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("rate for ", rate.match.ToString(), ": ", status.message()));
  }
  return status;
}

absl::StatusOr<bool> RateBook::Set(Rate rate) {
  RETURN_IF_ERROR(ValidateRate(rate));
  std::string key = RateKey(rate);
  return !rates_.insert_or_assign(std::move(key), std::move(rate)).second;
}

RateBook::Schedule RateBook::Find(absl::string_view provider, absl::string_view model) const {
  std::vector<Candidate> candidates;
  for (const auto& [key, rate] : rates_) {
    if (!rate.provider.empty() && rate.provider != provider) {
      continue;
    }
    if (const size_t specificity = rate.match.Specificity(model); specificity > 0) {
      candidates.push_back({&rate, specificity});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.rate->effective_from_us < b.rate->effective_from_us;
  });
  Schedule schedule;
  Candidate best;
  for (const Candidate& candidate : candidates) {
    if (best.rate != nullptr && candidate.Rank() <= best.Rank()) {
      continue;
    }
    best = candidate;
    schedule.Append(*candidate.rate);
  }
  return schedule;
}

void RateBook::Schedule::Append(const Rate& rate) {
  if (!from_us_.empty() && from_us_.back() == rate.effective_from_us) {
    rates_.back() = &rate;
    return;
  }
  rates_.push_back(&rate);
  from_us_.push_back(rate.effective_from_us);
}

const Rate* RateBook::Schedule::At(int64_t time_us) const {
  const auto next = std::upper_bound(from_us_.begin(), from_us_.end(), time_us);
  if (next == from_us_.begin()) {
    return nullptr;
  }
  return rates_[static_cast<size_t>(next - from_us_.begin()) - 1];
}

std::vector<Rate> RateBook::List() const {
  std::vector<Rate> list;
  list.reserve(rates_.size());
  for (const auto& [key, rate] : rates_) {
    list.push_back(rate);
  }
  return list;
}

}  // namespace itemized
