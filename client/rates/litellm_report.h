// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "client/rates/import.h"
#include "client/rates/prices.h"

namespace itemized::client {

// Collects what the reader of LiteLLM's file could not put into rates as it stands, in order to say
// it: each by model and field (LeftOut), and all of a kind in one sentence.
class LiteLlmReport {
 public:
  // The model has no rate, because all its prices are of kinds that a rate cannot have, `fields`.
  void LeaveOut(absl::string_view model, const std::vector<std::string>& fields);

  // A price of a model that has a rate is of a kind that a rate cannot have.
  void Ignore(absl::string_view model, absl::string_view field, absl::string_view reason);

  // The price of searches depends on a size that calls do not report.
  void TakeMedium() { ++searches_by_size_; }

  // A tier of service has one price for every context size, the standard several.
  void NoteFlat(absl::string_view service_tier) { flat_.Add(service_tier); }

  // A class has a price in the standard tier, and none of its own in `service_tier`.
  void NoteAsParent(absl::string_view field, absl::string_view service_tier);

  void Round(int64_t prices) { rounded_ += prices; }

  void MoveTo(RateImport* import);

 private:
  std::vector<LeftOut> left_out_;
  int64_t without_price_ = 0;
  int64_t of_other_kinds_ = 0;
  int64_t searches_by_size_ = 0;
  int64_t rounded_ = 0;
  Tally kinds_;    // Fields of models that are left out.
  Tally ignored_;  // Fields of models that have a rate.
  Tally flat_;
  Tally as_parent_;
};

}  // namespace itemized::client
