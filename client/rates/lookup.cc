// SPDX-License-Identifier: Apache-2.0
#include "client/rates/lookup.h"

#include <map>
#include <string>
#include <utility>

#include "client/rates/to_rate.h"
#include "storage/pricing/rate_book.h"

namespace itemized::client {

std::optional<v1::Rate> RateAt(absl::Span<const v1::Rate* const> rates, absl::string_view provider,
                               absl::string_view model, const ServedAs& served, int64_t time_us) {
  RateBook book;
  std::map<std::string, const v1::Rate*> by_key;
  for (const v1::Rate* from : rates) {
    absl::StatusOr<Rate> to = ToRate(*from);
    if (!to.ok()) {
      continue;
    }
    const std::string key = RateKey(*to);
    if (book.Set(*std::move(to)).ok()) {
      by_key[key] = from;
    }
  }
  const RateBook::Schedule schedule = book.Find(provider, model, served);
  const Rate* const found = schedule.At(time_us);
  return found == nullptr ? std::nullopt : std::optional(*by_key[RateKey(*found)]);
}

}  // namespace itemized::client
