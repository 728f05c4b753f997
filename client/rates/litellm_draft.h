// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "itemized/v1/rates.pb.h"

#include "client/rates/litellm_report.h"
#include "client/rates/prices.h"
#include "storage/base/money.h"

namespace itemized::client {

// The prices of one tier of service as they are read.
struct LiteLlmPrices {
  v1::Prices base;
  TierSet tiers;  // Those of context sizes.
  // The ranks of the fields that are used, by price and context size (LiteLlmField::rank).
  std::map<std::pair<std::string, int64_t>, size_t> ranks;
};

// One model of LiteLLM's file as it is read.
struct LiteLlmDraft {
  std::string name;
  v1::Rate head;                              // It has what all rates of the model share.
  std::map<std::string, LiteLlmPrices> sets;  // The keys are tiers of service, "" the standard.
  std::vector<v1::HoursOfDay> off_peak_hours;
  LiteLlmPrices off_peak;
  std::map<std::string, Picos> regions;  // Their factors, in kFactorUnit.
  std::optional<Picos> fast;             // The factor of the fast tier of service.
  std::vector<std::pair<std::string, std::string>> ignored;  // Fields, and why.
  bool has_other_cost = false;                               // An ignored price is not 0.
};

// Returns the rates of the model: one for each tier of service, one more for its hours off the
// peak, and all of them again for each region. It has none if it has no price, or is free but for
// prices of kinds that a rate cannot have. `report` is told what has no place in a rate.
std::vector<v1::Rate> RatesOf(const LiteLlmDraft& draft, LiteLlmReport* report);

}  // namespace itemized::client
