// SPDX-License-Identifier: Apache-2.0
#include "storage/store/pricer.h"

#include <optional>

#include "storage/model/limits.h"

namespace itemized {

bool Pricer::StandsForOne(NameKind kind, NameId name) const {
  return name != Catalog::kUnknown && catalog_.Name(kind, name) != kOtherName;
}

const RateBook::Schedule& Pricer::RatesFor(NameId provider, NameId model,
                                           absl::string_view provider_text,
                                           absl::string_view model_text, const ServedAs& served) {
  if (!served.is_standard()) {
    return RatesByText(provider_text, model_text, served);
  }
  const uint64_t number = uint64_t{provider.value()} << 32 | model.value();
  if (const auto known = by_number_.find(number); known != by_number_.end()) {
    return *known->second;
  }
  if (StandsForOne(NameKind::kProvider, provider) && StandsForOne(NameKind::kModel, model)) {
    return *by_number_.emplace(number, rates_.Find(provider_text, model_text, served))
                .first->second;
  }
  return RatesByText(provider_text, model_text, served);
}

const RateBook::Schedule& Pricer::RatesByText(absl::string_view provider, absl::string_view model,
                                              const ServedAs& served) {
  const auto [found, inserted] = by_text_.try_emplace(NamesOf(provider, model, served));
  if (inserted) {
    found->second = rates_.Find(provider, model, served);
  }
  return *found->second;
}

CallCost Pricer::Price(const RateBook::Schedule& schedule, int64_t time_us, const Usage& usage,
                       bool* too_large) {
  const std::optional<Picos> cost = PriceUsage(schedule.TermsAt(time_us), usage);
  if (!cost.has_value()) {
    return {.picos = 0, .unpriced = true};
  }
  if (*cost > Picos(INT64_MAX)) {
    *too_large = true;
    return {.picos = 0, .unpriced = true};
  }
  return {.picos = static_cast<int64_t>(*cost), .unpriced = false};
}

CallCost Pricer::PriceRow(const CallRows& calls, size_t row, const RowUsage& usage) {
  const SeriesKey& key = catalog_.Series(calls.SeriesAt(row));
  const NameId provider = key[NameKind::kProvider];
  const std::string& provider_text = catalog_.Name(NameKind::kProvider, provider);
  if (const auto reported = ReportedCost(provider_text, calls.ReportedCostAt(row))) {
    return *reported;
  }
  if (usage.missing) {
    return WithoutUsage(calls.status[row], usage.unknown);
  }
  const NameId model = key[NameKind::kModel];
  const absl::string_view other_model = calls.OtherModelAt(row);
  const RateBook::Schedule& schedule =
      other_model.empty()
          ? RatesFor(provider, model, provider_text, catalog_.Name(NameKind::kModel, model),
                     calls.ServedAt(row, contracts()))
          : RatesFor(provider, Catalog::kUnknown, provider_text, other_model,
                     calls.ServedAt(row, contracts()));
  // A cost beyond 63 bits was never accepted; under a later rate it is unknown.
  bool too_large = false;
  return Price(schedule, calls.time_us[row], usage.usage, &too_large);
}

}  // namespace itemized
