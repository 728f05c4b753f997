// SPDX-License-Identifier: Apache-2.0
#include "storage/query/price_table.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/base/mutex.h"
#include "storage/block/column_codec.h"
#include "storage/pricing/rate_book.h"

namespace itemized {

NamedPrice::NamedPrice(absl::string_view provider, absl::string_view model, const ServedAs& served,
                       RateLookups::SchedulePtr schedule)
    : provider_(provider),
      model_(model),
      tier_(served.service_tier),
      region_(served.region),
      contracts_(served.contracts.begin(), served.contracts.end()),
      schedule_(std::move(schedule)),
      beginnings_us_(schedule_->BeginningsUs()),
      has_hours_(schedule_->has_hours()),
      first_priced_us_(schedule_->FirstPricedUs()) {}

ServedAs NamedPrice::served() const {
  ServedAs served{.service_tier = tier_, .region = region_};
  served.contracts.assign(contracts_.begin(), contracts_.end());
  return served;
}

void NamedPrice::FindTerms(int64_t time_us) {
  if (terms_hold_.Contains(time_us)) {
    return;
  }
  terms_ = schedule_->TermsAt(time_us);
  if (has_hours_) {
    terms_hold_ = {time_us, time_us + 1};
    return;
  }
  const auto next = std::upper_bound(beginnings_us_.begin(), beginnings_us_.end(), time_us);
  terms_hold_.start_us =
      next == beginnings_us_.begin() ? std::numeric_limits<int64_t>::min() : *std::prev(next);
  terms_hold_.end_us = next == beginnings_us_.end() ? std::numeric_limits<int64_t>::max() : *next;
}

std::optional<int64_t> NamedPrice::Price(int64_t time_us, const Usage& usage) {
  FindTerms(IsBefore(time_us) ? *first_priced_us_ : time_us);
  const std::optional<Picos> cost = PriceUsage(terms_, usage);
  const bool fits = cost.has_value() && *cost <= Picos(INT64_MAX);
  return fits ? std::optional(static_cast<int64_t>(*cost)) : std::nullopt;
}

ColumnMask PriceTable::columns() {
  return Columns(ColumnId::kSeries, ColumnId::kStrings, ColumnId::kAttributeSets,
                 ColumnId::kAttributeSet, ColumnId::kOtherModel);
}

NamedPrice* PriceTable::ForNames(absl::string_view provider, absl::string_view model,
                                 const ServedAs& served) {
  const auto [found, inserted] = by_names_.try_emplace(NamesOf(provider, model, served));
  if (inserted) {
    found->second =
        std::make_unique<NamedPrice>(provider, model, served, rates_.Find(provider, model, served));
  }
  return found->second.get();
}

uint32_t PriceTable::ServedNumber(const Block& block, size_t row) {
  const CallRows& calls = block.calls;
  if (calls.attribute_set.empty()) {
    return 0;
  }
  if (sequence_ != block.ref.sequence) {
    sequence_ = block.ref.sequence;
    served_of_sets_.assign(calls.attribute_sets.size(), std::nullopt);
  }
  std::optional<uint32_t>& number = served_of_sets_[calls.attribute_set[row]];
  if (!number.has_value()) {
    const ServedAs served = calls.ServedAt(row, book_->contracts());
    const auto next = static_cast<uint32_t>(served_.size() + 1);
    number =
        served.is_standard() ? 0 : served_.emplace(NamesOf("", "", served), next).first->second;
  }
  return *number;
}

NamedPrice* PriceTable::ForText(const Block& block, size_t row, absl::string_view other_model) {
  std::string provider;
  std::string model(other_model);
  {
    const ReaderLock lock(state_.mutex);
    const SeriesKey& key = state_.catalog.Series(block.calls.SeriesAt(row));
    provider = state_.catalog.Name(NameKind::kProvider, key[NameKind::kProvider]);
    if (model.empty()) {
      model = state_.catalog.Name(NameKind::kModel, key[NameKind::kModel]);
    }
  }
  return ForNames(provider, model, block.calls.ServedAt(row, book_->contracts()));
}

NamedPrice* PriceTable::ForRow(const Block& block, size_t row) {
  if (const absl::string_view other = block.calls.OtherModelAt(row); !other.empty()) {
    return ForText(block, row, other);
  }
  const uint32_t series = block.calls.series[row];
  const uint32_t served = ServedNumber(block, row);
  if (series >= by_series_.size()) {
    by_series_.resize(series + 1);
  }
  NamedPrice*& price =
      served == 0 ? by_series_[series] : by_number_[uint64_t{series} << 32 | served];
  if (price == nullptr) {
    price = ForText(block, row, "");
  }
  return price;
}

}  // namespace itemized
