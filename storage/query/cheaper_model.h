// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/pricing/rate_book.h"

namespace itemized {

// Finds the small models of providers, by the names that these give them ("haiku", "mini") and by
// the rates of the book as it was at one instant. Immutable, so thread-safe.
class CheaperModels {
 public:
  CheaperModels(std::shared_ptr<const RateBook> book, int64_t time_us);

  // Returns the dearest small model of the provider, and thus likely the nearest, that costs half
  // as much as `model` at most, with four tokens in for one out; "" if there is none, `model` is
  // small itself, or has no price.
  std::string For(const std::string& provider, const std::string& model) const;

 private:
  // A small model that a rate names.
  struct Candidate {
    std::string provider;  // That of the rate; "" for any.
    std::string model;
  };

  std::optional<Picos> PriceOf(const std::string& provider, const std::string& model) const;

  const std::shared_ptr<const RateBook> book_;
  const int64_t time_us_;
  std::vector<Candidate> candidates_;  // They stand in the order of the book.
};

// Whether a model is one of the smaller of its family, by a whole word of its name.
bool IsSmallModel(absl::string_view model);

}  // namespace itemized
