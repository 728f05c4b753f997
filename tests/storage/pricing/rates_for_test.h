// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include <gtest/gtest.h>

#include "storage/model/usage.h"
#include "storage/pricing/rate.h"
#include "storage/pricing/rate_book.h"

namespace itemized {

inline constexpr size_t Index(UsageClass c) {
  return static_cast<size_t>(c);
}

inline ModelMatch Leaf(ModelMatch::Kind kind, absl::string_view text) {
  ModelMatch match;
  match.kind = kind;
  match.text = std::string(text);
  return match;
}

inline ModelMatch StartsWith(absl::string_view text) {
  return Leaf(ModelMatch::Kind::kStartsWith, text);
}

inline ModelMatch Combination(ModelMatch::Kind kind, std::vector<ModelMatch> parts) {
  ModelMatch match;
  match.kind = kind;
  match.parts = std::move(parts);
  return match;
}

// A rate for an exact model; prices in pico-dollars a token.
inline Rate RateFor(absl::string_view model, int64_t input, int64_t output) {
  Rate rate;
  rate.match = ModelMatch::Equals(model);
  rate.prices[Index(UsageClass::kInput)] = input;
  rate.prices[Index(UsageClass::kOutput)] = output;
  return rate;
}

inline Usage InOut(int64_t input, int64_t output) {
  Usage usage;
  usage[UsageClass::kInput] = input;
  usage[UsageClass::kOutput] = output;
  return usage;
}

// A rate that costs something; its source tells it from others.
inline Rate Named(absl::string_view provider, ModelMatch match, int64_t from_us,
                  absl::string_view source) {
  Rate rate;
  rate.provider = std::string(provider);
  rate.match = std::move(match);
  rate.effective_from_us = from_us;
  rate.prices[Index(UsageClass::kInput)] = 1;
  rate.source = std::string(source);
  return rate;
}

inline std::string SourceAt(const RateBook& book, absl::string_view provider,
                            absl::string_view model, int64_t time_us) {
  const Rate* rate = book.Find(provider, model).At(time_us);
  return rate == nullptr ? "none" : rate->source;
}

inline RateBook BookOf(std::vector<Rate> rates) {
  RateBook book;
  for (Rate& rate : rates) {
    EXPECT_TRUE(book.Set(std::move(rate)).ok());
  }
  return book;
}

}  // namespace itemized
