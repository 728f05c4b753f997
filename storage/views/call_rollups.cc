// SPDX-License-Identifier: Apache-2.0
#include "storage/views/call_rollups.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

// No kind has more names, so this bounds what a damaged key can allocate.
constexpr size_t kNamesMax = std::max({kStepsMax, kWorkflowsMax, kProvidersMax, kModelsMax});

// How many rows a thread encodes before it takes the next ones: they share a buffer.
constexpr size_t kRowsPerPortion = 256;

// Returns the place of `key` in a list sorted by key, and inserts it if it is not there.
template <typename Key>
size_t PlaceOf(Key key, std::vector<std::pair<Key, CallSums>>* list) {
  auto at = std::lower_bound(list->begin(), list->end(), key,
                             [](const auto& entry, Key k) { return entry.first < k; });
  if (at == list->end() || at->first != key) {
    at = list->insert(at, {key, CallSums{}});
  }
  return static_cast<size_t>(at - list->begin());
}

uint32_t NumberOf(uint8_t hour_of_day) {
  return hour_of_day;
}
uint32_t NumberOf(SeriesId series) {
  return series.value();
}

template <typename Key>
void EncodeSums(const std::vector<std::pair<Key, CallSums>>& list, std::string* out) {
  AppendVarint(out, list.size());
  for (const auto& [key, sums] : list) {
    AppendVarint(out, NumberOf(key));
    sums.EncodeTo(out);
  }
}

// Reads a list; false if it is malformed, its keys do not rise, or one is not below `end`.
template <typename Key>
bool DecodeSums(absl::string_view* in, uint64_t end, std::vector<std::pair<Key, CallSums>>* list) {
  uint64_t count = 0;
  if (!ReadVarint(in, &count) || count > end) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t key = 0;
    CallSums sums;
    if (!ReadVarint(in, &key) || key >= end || (i > 0 && key <= NumberOf(list->back().first)) ||
        !sums.DecodeFrom(in)) {
      return false;
    }
    list->emplace_back(static_cast<Key>(static_cast<uint32_t>(key)), sums);
  }
  return true;
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("The store is damaged: ", what,
                   " of the rollups cannot be read. Restore the data directory from a backup."));
}

// Gives the histograms of a new day the size of those of the day before it, which it will be much
// like, so that they need not grow step by step.
void ReserveAsBefore(const BucketTable<Day, NameDay>& days, Day day, NameDay* value) {
  const auto at = days.LowerBound(day);
  if (at != days.begin()) {
    const NameDay& before = std::prev(at)->value;
    value->cost.Reserve({&before.cost});
    value->duration.Reserve({&before.duration});
  }
}

}  // namespace

bool CountsInBaseline(const CallRows& calls, size_t row) {
  return !IsOutlier(calls.flags[row]);
}

void NameDay::EncodeTo(std::string* out) const {
  sums.EncodeTo(out);
  cost.EncodeTo(out);
  flagged_cost.EncodeTo(out);
  duration.EncodeTo(out);
  EncodeSums(hours, out);
  EncodeSums(series, out);
}

bool NameDay::DecodeFrom(absl::string_view* in, size_t series_count) {
  if (!sums.DecodeFrom(in)) {
    return false;
  }
  for (Histogram* histogram : {&cost, &flagged_cost, &duration}) {
    absl::StatusOr<Histogram> decoded = Histogram::DecodeFrom(in);
    if (!decoded.ok()) {
      return false;
    }
    *histogram = *std::move(decoded);
  }
  return DecodeSums(in, 24, &hours) && DecodeSums(in, series_count, &series);
}

void NameDay::Compact() {
  cost.Compact();
  flagged_cost.Compact();
  duration.Compact();
}

NameDay& CallRollups::DayOf(NameKind kind, NameId name, Day day) {
  BucketTable<Day, NameDay>& days = TableOf(kind, name);
  auto& entry = days.At(day);
  if (!entry.dirty) {
    entry.dirty = true;
    dirty_names_.push_back({kind, name, day});
  }
  if (entry.value.sums.calls == 0) {
    ReserveAsBefore(days, day, &entry.value);
  }
  return entry.value;
}

void CallRollups::AddCosts(const RowsByName::Part& part, Histogram* flagged, Histogram* others) {
  const CallRows& calls = part.block->calls;
  flagged_rows_.clear();
  other_rows_.clear();
  for (const uint32_t row : part.rows) {
    if (calls.IsRatedAt(row)) {
      (CountsInBaseline(calls, row) ? other_rows_ : flagged_rows_).push_back(row);
    }
  }
  flagged->AddEach(calls.cost_picos, calls.weight, flagged_rows_);
  others->AddEach(calls.cost_picos, calls.weight, other_rows_);
}

// Adds to what only steps have: hours, series, and the sums over all calls.
void CallRollups::AddStepSums(const RowsByName::Part& part, NameDay* day) {
  const CallRows& calls = part.block->calls;
  const RowSums sums_of(calls, part.costs_only);
  for (const uint32_t row : part.rows) {
    const SeriesId series = calls.SeriesAt(row);
    if (series.value() >= series_places_.size()) {
      series_places_.resize(series.value() + 1);
    }
    size_t& place = series_places_[series.value()];
    if (place >= day->series.size() || day->series[place].first != series) {
      place = PlaceOf(series, &day->series);
    }
    sums_of.AddTo(&day->series[place].second, row, calls.weight[row]);
  }
}

void CallRollups::Fold(const RowsByName& rows) {
  for (size_t i = 0; i < kNameKindCount; ++i) {
    const auto kind = static_cast<NameKind>(i);
    for (const RowsByName::Part& part : rows.Parts(kind)) {
      const Hour hour = part.block->ref.hour;
      NameDay& day = DayOf(kind, part.name, DayOfHour(hour));
      AddCosts(part, kind == NameKind::kStep ? &day.flagged_cost : &day.cost, &day.cost);
      if (!part.costs_only) {
        day.duration.AddEach(part.block->calls.duration_us, part.block->calls.weight, part.rows);
      }
      const CallSums sums = RowSums(part.block->calls, part.costs_only).Of(part.rows);
      day.sums.Merge(sums);
      if (kind == NameKind::kStep) {
        total_.Merge(sums);
        day.hours[PlaceOf(HourOfDay(hour), &day.hours)].second.Merge(sums);
        AddStepSums(part, &day);
      }
    }
  }
}

Hour CallRollups::latest_hour() const {
  Hour latest{};
  for (const BucketTable<Day, NameDay>& days : names_[static_cast<size_t>(NameKind::kStep)]) {
    if (!days.empty() && !days.back().value.hours.empty()) {
      latest =
          std::max(latest, FirstHourOf(days.back().bucket) + days.back().value.hours.back().first);
    }
  }
  return latest;
}

void CallRollups::DropBefore(Day day) {
  for (std::vector<BucketTable<Day, NameDay>>& of_kind : names_) {
    for (BucketTable<Day, NameDay>& days : of_kind) {
      days.EraseBefore(day);
    }
  }
  for (std::vector<NameKey>* list : {&dirty_names_, &hot_names_}) {
    std::erase_if(*list, [day](const NameKey& key) { return key.day < day; });
  }
  total_ = CallSums();
  for (const BucketTable<Day, NameDay>& days : names_[static_cast<size_t>(NameKind::kStep)]) {
    for (const auto& entry : days) {
      total_.Merge(entry.value.sums);
    }
  }
}

// Uses LowerBound, since two threads call this and BucketTable::At is for one.
const NameDay& CallRollups::RowOf(const NameKey& key) const {
  const auto row = DaysOf(key.kind, key.name).LowerBound(key.day);
  CHECK(row->bucket == key.day);
  return row->value;
}

void CallRollups::Checkpoint(ThreadTeam* team, KvBatch* batch) {
  std::vector<std::string> values(dirty_names_.size());
  const auto encode = [&](size_t portion) {
    std::string scratch;  // Encoding asks for much more room than the result needs.
    const size_t end = std::min(values.size(), (portion + 1) * kRowsPerPortion);
    for (size_t i = portion * kRowsPerPortion; i < end; ++i) {
      scratch.clear();
      RowOf(dirty_names_[i]).EncodeTo(&scratch);
      values[i] = std::string(absl::string_view(scratch));
    }
  };
  team->ParallelFor((values.size() + kRowsPerPortion - 1) / kRowsPerPortion, encode);
  for (size_t i = 0; i < values.size(); ++i) {
    const NameKey& key = dirty_names_[i];
    batch->Put(Family::kRollups,
               keys::Rollup(static_cast<uint8_t>(key.kind), key.name.value(), key.day),
               std::move(values[i]));
  }
  for (const NameKey& key : hot_names_) {
    auto& entry = TableOf(key.kind, key.name).At(key.day);
    if (!entry.dirty) {
      entry.value.Compact();
    }
  }
  for (const NameKey& key : dirty_names_) {
    TableOf(key.kind, key.name).At(key.day).dirty = false;
  }
  hot_names_ = std::move(dirty_names_);
  dirty_names_.clear();
}

absl::Status CallRollups::LoadRow(absl::string_view key, absl::string_view value,
                                  const Catalog& catalog) {
  const auto kind = static_cast<uint8_t>(key.empty() ? kNameKindCount : key[0]);
  key.remove_prefix(key.empty() ? 0 : 1);
  NameId name;
  Day day{};
  if (kind >= kNameKindCount || !ReadBigEndianId(&key, &name) || !ReadBigEndianId(&key, &day) ||
      !key.empty() || name.value() > kNamesMax) {
    return Damaged("a key");
  }
  NameDay& row = TableOf(static_cast<NameKind>(kind), name).At(day).value;
  if (!row.DecodeFrom(&value, catalog.series_count()) || !value.empty()) {
    return Damaged(absl::StrCat("name ", name.value(), " on ", FormatTime(DayStartUs(day))));
  }
  if (static_cast<NameKind>(kind) == NameKind::kStep) {
    total_.Merge(row.sums);
  }
  return absl::OkStatus();
}

absl::Status CallRollups::Load(const Kv& kv, const Catalog& catalog) {
  auto rows = kv.Scan(Family::kRollups, "", keys::kWatermark);
  for (; rows->Valid(); rows->Next()) {
    RETURN_IF_ERROR(LoadRow(rows->key(), rows->value(), catalog));
  }
  return rows->status();
}

}  // namespace itemized
