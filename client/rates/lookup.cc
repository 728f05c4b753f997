// SPDX-License-Identifier: Apache-2.0
#include "client/rates/lookup.h"

#include <map>
#include <string>
#include <utility>

#include "client/rates/describe_match.h"
#include "storage/pricing/rate_book.h"

namespace itemized::client {

std::optional<v1::Rate> RateAt(absl::Span<const v1::Rate* const> rates, absl::string_view provider,
                               absl::string_view model, int64_t time_us) {
  RateBook book;
  std::map<std::string, const v1::Rate*> by_key;
  for (const v1::Rate* from : rates) {
    Rate to;
    to.provider = from->provider();
    to.match = ToModelMatch(from->match());
    to.effective_from_us = from->effective_from_unix_us();
    to.hours = {.from_s = from->hours().from_second(), .to_s = from->hours().to_second()};
    to.service_tier = from->service_tier();
    to.region = from->region();
    to.attribute_key = from->attribute_key();
    to.attribute_value = from->attribute_value();
    to.origin =
        from->origin() == v1::RATE_ORIGIN_BUNDLED ? RateOrigin::kBundled : RateOrigin::kUser;
    if (from->multiplier().empty()) {
      to.prices[0] = 0;  // Which rate it is does not depend on its prices.
    } else {
      to.multiplier_ppm = kPpm;
    }
    const std::string key = RateKey(to);
    if (book.Set(std::move(to)).ok()) {
      by_key[key] = from;
    }
  }
  const Rate* const found = book.Find(provider, model).At(time_us);
  return found == nullptr ? std::nullopt : std::optional(*by_key[RateKey(*found)]);
}

}  // namespace itemized::client
