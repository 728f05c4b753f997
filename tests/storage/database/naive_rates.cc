// SPDX-License-Identifier: Apache-2.0
// The rate book of the naive model: a list.

#include <algorithm>
#include <optional>
#include <utility>

#include "tests/storage/database/naive_model.h"

namespace itemized::testing {
namespace {

bool SameKey(const Rate& a, const Rate& b) {
  return a.provider == b.provider && a.match == b.match && a.origin == b.origin &&
         a.effective_from_us == b.effective_from_us && a.hours == b.hours &&
         a.service_tier == b.service_tier && a.region == b.region &&
         a.attribute_key == b.attribute_key && a.attribute_value == b.attribute_value &&
         (a.multiplier_ppm == 0) == (b.multiplier_ppm == 0);
}

// Whether two rates say the same, whenever each was set.
bool SaysTheSame(Rate a, const Rate& b) {
  a.recorded_at_us = b.recorded_at_us;
  return a == b;
}

}  // namespace

RateChange NaiveModel::SetRates(absl::Span<const Rate> rates) {
  RateChange change;
  for (const Rate& rate : rates) {
    const auto same = std::find_if(rates_.begin(), rates_.end(),
                                   [&](const NaiveRate& e) { return SameKey(e.rate, rate); });
    if (same != rates_.end()) {
      *same = {rate, rate_order_++};
      ++change.replaced;
    } else {
      rates_.push_back({rate, rate_order_++});
      ++change.added;
    }
  }
  change.repriced_calls = RepriceAll();
  return change;
}

RateChange NaiveModel::SetBundledRates(absl::Span<const Rate> rates) {
  RateChange change;
  std::vector<NaiveRate> book;
  for (const NaiveRate& entry : rates_) {
    const bool is_kept = entry.rate.origin == RateOrigin::kUser ||
                         std::any_of(rates.begin(), rates.end(), [&](const Rate& rate) {
                           return SaysTheSame(entry.rate, rate);
                         });
    const bool is_replaced =
        !is_kept && std::any_of(rates.begin(), rates.end(),
                                [&](const Rate& rate) { return SameKey(entry.rate, rate); });
    change.removed += is_kept || is_replaced ? 0 : 1;
    change.replaced += is_replaced ? 1 : 0;
    if (is_kept) {
      book.push_back(entry);
    }
  }
  for (const Rate& rate : rates) {
    const bool is_there = std::any_of(book.begin(), book.end(), [&](const NaiveRate& entry) {
      return SameKey(entry.rate, rate);
    });
    if (!is_there) {
      book.push_back({rate, rate_order_++});
      ++change.added;
    }
  }
  change.added -= change.replaced;
  rates_ = std::move(book);
  change.repriced_calls = RepriceAll();
  return change;
}

std::optional<RateChange> NaiveModel::RemoveRates(absl::Span<const RateName> names) {
  std::vector<NaiveRate> rest = rates_;
  for (const RateName& name : names) {
    Rate rate;
    rate.provider = name.provider;
    rate.match = name.match;
    rate.effective_from_us = name.effective_from_us;
    rate.hours = name.hours;
    rate.service_tier = name.service_tier;
    rate.region = name.region;
    rate.attribute_key = name.attribute_key;
    rate.attribute_value = name.attribute_value;
    rate.multiplier_ppm = name.is_multiplier ? 1 : 0;
    const auto found = std::find_if(rest.begin(), rest.end(),
                                    [&](const NaiveRate& e) { return SameKey(e.rate, rate); });
    if (found == rest.end()) {
      return std::nullopt;
    }
    rest.erase(found);
  }
  RateChange change;
  change.removed = static_cast<int64_t>(names.size());
  rates_ = std::move(rest);
  change.repriced_calls = RepriceAll();
  return change;
}

std::vector<Rate> NaiveModel::ListRates() const {
  std::vector<Rate> rates;
  for (const NaiveRate& entry : rates_) {
    rates.push_back(entry.rate);
  }
  return rates;
}

}  // namespace itemized::testing
