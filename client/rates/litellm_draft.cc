// SPDX-License-Identifier: Apache-2.0
#include "client/rates/litellm_draft.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/usage_fields.h"

namespace itemized::client {
namespace {

// Searches and calls cost the same in every tier of service and region.
void CopyPricesOfRequests(const v1::Prices& from, v1::Prices* to) {
  for (const PriceField& field : kPriceFields) {
    std::string* const price = (to->*field.mutate)();
    if (field.units == UnitsPriced(UsageKind::kRequests) && price->empty()) {
      *price = (from.*field.get)();
    }
  }
}

// Takes the prices that `off_peak` has out of a context tier, because they hold for every size.
void ClearPrices(const v1::Prices& off_peak, v1::Prices* tier) {
  for (const PriceField& field : kPriceFields) {
    if (!(off_peak.*field.get)().empty()) {
      (tier->*field.mutate)()->clear();
    }
  }
}

class RateMaker {
 public:
  RateMaker(const LiteLlmDraft& draft, LiteLlmReport* report) : draft_(draft), report_(*report) {}

  std::vector<v1::Rate> Make() {
    for (const auto& [tier, set] : draft_.sets) {
      AddTier(tier, set);
    }
    AddOffPeak();
    AddFast();
    AddRegions();
    const bool is_free = std::all_of(rates_.begin(), rates_.end(), [](const v1::Rate& rate) {
      return IsFree(rate.prices()) &&
             std::all_of(rate.tiers().begin(), rate.tiers().end(),
                         [](const v1::RateTier& tier) { return IsFree(tier.prices()); });
    });
    if (rates_.empty() || (is_free && draft_.has_other_cost)) {
      LeaveOut();
      return {};
    }
    for (const auto& [field, why] : draft_.ignored) {
      report_.Ignore(draft_.name, field, why);
    }
    return std::move(rates_);
  }

 private:
  const LiteLlmPrices* Standard() const {
    const auto found = draft_.sets.find("");
    return found == draft_.sets.end() ? nullptr : &found->second;
  }

  void LeaveOut() {
    std::vector<std::string> fields;
    for (const auto& [field, why] : draft_.ignored) {
      fields.push_back(field);
    }
    report_.LeaveOut(draft_.name, fields);
  }

  void AddTier(const std::string& service_tier, const LiteLlmPrices& set) {
    if (!HasPrice(set.base)) {
      if (!set.tiers.empty()) {
        report_.Ignore(draft_.name, "prices above a context size",
                       "there is no price below that size");
      }
      return;
    }
    v1::Rate& rate = rates_.emplace_back(draft_.head);
    rate.set_service_tier(service_tier);
    *rate.mutable_prices() = set.base;
    set.tiers.Finish(&rate);
    if (const LiteLlmPrices* const standard = Standard(); standard != nullptr && standard != &set) {
      CopyPricesOfRequests(standard->base, rate.mutable_prices());
      Compare(*standard, set, service_tier);
    }
  }

  // Tells what the standard tier has a price for and this one has not.
  void Compare(const LiteLlmPrices& standard, const LiteLlmPrices& set,
               const std::string& service_tier) {
    if (set.tiers.empty() && !standard.tiers.empty()) {
      report_.NoteFlat(service_tier);
    }
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      const PriceField& field = kPriceFields[c];
      const bool has_parent = static_cast<size_t>(kUsageClasses[c].billed_as) != c;
      if (has_parent && (set.base.*field.get)().empty() && !(standard.base.*field.get)().empty()) {
        report_.NoteAsParent(field.name, service_tier);
      }
    }
  }

  void AddOffPeak() {
    if (rates_.empty() || !rates_.front().service_tier().empty()) {
      return;  // The standard tier, which sorts first, has no price.
    }
    const v1::Rate standard = rates_.front();
    for (const v1::HoursOfDay& hours : draft_.off_peak_hours) {
      v1::Rate rate = standard;
      rate.mutable_prices()->MergeFrom(draft_.off_peak.base);
      for (v1::RateTier& tier : *rate.mutable_tiers()) {
        ClearPrices(draft_.off_peak.base, tier.mutable_prices());
      }
      auto& tiers = *rate.mutable_tiers();
      tiers.erase(std::remove_if(tiers.begin(), tiers.end(),
                                 [](const v1::RateTier& tier) { return !HasPrice(tier.prices()); }),
                  tiers.end());
      if (hours.from_second() == hours.to_second()) {
        rates_.front() = std::move(rate);
      } else {
        *rate.mutable_hours() = hours;
        rates_.push_back(std::move(rate));
      }
    }
  }

  void AddFast() {
    if (!draft_.fast || rates_.empty() || !rates_.front().service_tier().empty()) {
      return;
    }
    v1::Rate rate = rates_.front();
    rate.set_service_tier("fast");
    AddScaled(*draft_.fast, "the fast tier", std::move(rate));
  }

  void AddScaled(Picos factor, absl::string_view what, v1::Rate rate) {
    if (const std::optional<int64_t> rounded = ScaleTokenPrices(factor, &rate)) {
      report_.Round(*rounded);
      rates_.push_back(std::move(rate));
    } else {
      report_.Ignore(draft_.name, what, "a price times its factor is out of range");
    }
  }

  void AddRegions() {
    const size_t anywhere = rates_.size();
    for (const auto& [region, factor] : draft_.regions) {
      for (size_t i = 0; i < anywhere; ++i) {
        v1::Rate rate = rates_[i];
        rate.set_region(region);
        AddScaled(factor, absl::StrCat("region ", region), std::move(rate));
      }
    }
  }

  const LiteLlmDraft& draft_;
  LiteLlmReport& report_;
  std::vector<v1::Rate> rates_;
};

}  // namespace

std::vector<v1::Rate> RatesOf(const LiteLlmDraft& draft, LiteLlmReport* report) {
  return RateMaker(draft, report).Make();
}

}  // namespace itemized::client
