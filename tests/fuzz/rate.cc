// SPDX-License-Identifier: Apache-2.0
// Rates as the rate book keeps them.

#include "absl/status/statusor.h"

#include "storage/base/check.h"
#include "storage/pricing/rate_book.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

ModelMatch Leaf(ModelMatch::Kind kind, absl::string_view text) {
  ModelMatch match;
  match.kind = kind;
  match.text = std::string(text);
  return match;
}

Rate SmallRate() {
  Rate rate;
  rate.match = ModelMatch::Equals("gpt-5");
  rate.prices[0] = 3'000'000;
  return rate;
}

Rate RateWithEverything() {
  Rate rate = SmallRate();
  rate.provider = "openai";
  rate.match = ModelMatch();
  rate.match.kind = ModelMatch::Kind::kAnyOf;
  rate.match.parts = {Leaf(ModelMatch::Kind::kRegex, "^o[34]"),
                      Leaf(ModelMatch::Kind::kStartsWith, "gpt-"),
                      Leaf(ModelMatch::Kind::kContains, "codex")};
  rate.effective_from_us = 1'700'000'000'000'000;
  rate.prices.fill(15'000'000);
  rate.tiers = {{.input_tokens_over = 200'000, .prices = rate.prices}};
  rate.source = "a price list";
  return rate;
}

// A rate that was read can be used, and is the same after another journey.
void CheckUse(const Rate& rate) {
  const absl::StatusOr<Rate> again = DecodeRate(EncodeRate(rate));
  CHECK(again.ok() && *again == rate);
  RateBook book;
  CHECK(book.Set(rate).ok());
  // It may also match what the name is read as (FormsOf).
  ServedAs served{.service_tier = rate.service_tier, .region = rate.region};
  served.Note(rate.attribute_key, rate.attribute_value, book.contracts());
  CHECK(rate.is_exchange() || !rate.match.Matches("gpt-5-codex") ||
        !book.Find(rate.provider, "gpt-5-codex", served).empty());
  Usage usage;
  usage.counts.fill(1'000'000);
  PriceUsage(rate, usage);
  PriceUsage(book.Find(rate.provider, "gpt-5-codex", served).TermsAt(rate.effective_from_us),
             usage);
}

Rate MultiplierOfAContract() {
  Rate rate = SmallRate();
  rate.prices = {};
  rate.multiplier_ppm = 800'000;
  rate.service_tier = "flex";
  rate.attribute_key = "tenant";
  rate.attribute_value = "acme";
  return rate;
}

Rate RateInEuros() {
  Rate rate = SmallRate();
  rate.currency = "EUR";
  return rate;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {EncodeRate(SmallRate()), EncodeRate(RateWithEverything()),
          EncodeRate(MultiplierOfAContract()), EncodeRate(RateInEuros())};
}

bool Accepts(absl::string_view input) {
  const absl::StatusOr<Rate> rate = DecodeRate(input);
  if (!rate.ok()) {
    CHECK(rate.status().code() == absl::StatusCode::kDataLoss);
    return false;
  }
  CheckUse(*rate);
  return true;
}

}  // namespace itemized::fuzz
