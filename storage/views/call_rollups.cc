#include "storage/views/call_rollups.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

// How many rows ahead of its use memory is asked for: the cells of a row lie in
// as many places as it has names, and waiting for each in turn is most of the work.
constexpr size_t kPrefetchRows = 6;

// No kind has more names; bounds what a damaged key can allocate.
constexpr size_t kNamesMax = std::max({kStepsMax, kWorkflowsMax, kProvidersMax, kModelsMax});

// Family::kSteps (storage/FORMAT.md, "Rollups").
std::string RowKey(NameKind kind, NameId name, Day day) {
  std::string key(1, static_cast<char>(kind));
  AppendBigEndian32(&key, name);
  AppendBigEndian32(&key, day);
  return key;
}

// The sums of `key` in a list by rising key, made if there are none.
template <typename Key>
CallSums& SumsOf(std::vector<std::pair<Key, CallSums>>* list, Key key) {
  const auto at = std::lower_bound(list->begin(), list->end(), key,
                                   [](const auto& entry, Key k) { return entry.first < k; });
  if (at != list->end() && at->first == key) {
    return at->second;
  }
  return list->insert(at, {key, CallSums{}})->second;
}

template <typename Key>
void EncodeSums(const std::vector<std::pair<Key, CallSums>>& list, std::string* out) {
  AppendVarint(out, list.size());
  for (const auto& [key, sums] : list) {
    AppendVarint(out, key);
    sums.EncodeTo(out);
  }
}

// Keys rise and are below `end`.
template <typename Key>
bool DecodeSums(absl::string_view* in, uint64_t end, std::vector<std::pair<Key, CallSums>>* list) {
  uint64_t count = 0;
  if (!ReadVarint(in, &count) || count > end) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t key = 0;
    CallSums sums;
    if (!ReadVarint(in, &key) || key >= end || (i > 0 && key <= list->back().first) ||
        !sums.DecodeFrom(in)) {
      return false;
    }
    list->emplace_back(static_cast<Key>(key), sums);
  }
  return true;
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the store is damaged: ", what, " of the rollups cannot be read"));
}

}  // namespace

bool CountsInBaseline(const CallRows& calls, size_t row) {
  const uint8_t flags = calls.flags[row];
  return (flags & kFlagOutlier) == 0 || (flags & kFlagLearning) != 0;
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

CallRollups::NameSlot& CallRollups::SlotOf(NameKind kind, NameId name, Hour hour) {
  auto& slots = name_slots_[static_cast<size_t>(kind)];
  if (name >= slots.size()) {
    slots.resize(name + 1);
  }
  NameSlot& slot = slots[name];
  if (slot.block != block_) {
    const Day day = hour / 24;
    auto& entry = TableOf(kind, name).At(day);
    if (!entry.dirty) {
      entry.dirty = true;
      dirty_names_.push_back({kind, name, day});
    }
    slot = {.block = block_, .day = &entry.value, .hour = nullptr};
    if (kind == NameKind::kStep) {
      slot.hour = &SumsOf(&entry.value.hours, static_cast<uint8_t>(hour % 24));
    }
  }
  return slot;
}

CallRollups::SeriesSlot& CallRollups::SlotOf(SeriesId series, Hour hour, const Catalog& catalog) {
  SeriesSlot& slot = series_slots_[series];
  if (slot.block != block_) {
    slot.block = block_;
    slot.sums = CallSums{};
    const SeriesKey& key = catalog.Series(series);
    for (size_t kind = 0; kind < kNameKindCount; ++kind) {
      slot.names[kind] = SlotOf(static_cast<NameKind>(kind), key.names[kind], hour);
    }
    touched_.push_back(series);
  }
  return slot;
}

void CallRollups::PrefetchRow(const CallRows& calls, size_t row) const {
  for (const NameSlot& name : row_slots_[row]->names) {
    name.day->cost.Prefetch(calls.cost_picos[row]);
    name.day->duration.Prefetch(calls.duration_us[row]);
  }
}

void CallRollups::AddRow(const CallRows& calls, size_t row, const SeriesSlot& slot) {
  const int64_t weight = calls.weight[row];
  const bool priced = !calls.Has(row, kFlagUnpriced);
  const bool flagged = !CountsInBaseline(calls, row);
  for (const NameSlot& name : slot.names) {
    name.day->duration.Add(calls.duration_us[row], weight);
    if (priced) {
      Histogram& cost = flagged && name.hour != nullptr ? name.day->flagged_cost : name.day->cost;
      cost.Add(calls.cost_picos[row], weight);
    }
  }
}

// Adds what the block has of a series to all its sums.
void CallRollups::AddSums(SeriesId series) {
  const SeriesSlot& slot = series_slots_[series];
  total_.Merge(slot.sums);
  for (const NameSlot& name : slot.names) {
    name.day->sums.Merge(slot.sums);
    if (name.hour != nullptr) {
      name.hour->Merge(slot.sums);
      SumsOf(&name.day->series, series).Merge(slot.sums);
    }
  }
}

void CallRollups::Fold(const Block& block, const Catalog& catalog) {
  const CallRows& calls = block.calls;
  const RowSums sums_of(calls);
  ++block_;
  touched_.clear();
  series_slots_.resize(catalog.series_count());
  row_slots_.resize(calls.size());
  for (size_t row = 0; row < calls.size(); ++row) {
    row_slots_[row] = &SlotOf(calls.series[row], block.ref.hour, catalog);
  }
  for (size_t row = 0; row < calls.size(); ++row) {
    if (row + kPrefetchRows < calls.size()) {
      PrefetchRow(calls, row + kPrefetchRows);
    }
    sums_of.AddTo(&row_slots_[row]->sums, row, calls.weight[row]);
    AddRow(calls, row, *row_slots_[row]);
  }
  for (const SeriesId series : touched_) {
    AddSums(series);
  }
}

void CallRollups::Checkpoint(KvBatch* batch) {
  for (const NameKey& key : dirty_names_) {
    std::string value;
    TableOf(key.kind, key.name).At(key.day).value.EncodeTo(&value);
    batch->Put(Family::kSteps, RowKey(key.kind, key.name, key.day), std::move(value));
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
  NameId name = 0;
  Day day = 0;
  if (kind >= kNameKindCount || !ReadBigEndian32(&key, &name) || !ReadBigEndian32(&key, &day) ||
      !key.empty() || name > kNamesMax) {
    return Damaged("a key");
  }
  NameDay& row = TableOf(static_cast<NameKind>(kind), name).At(day).value;
  if (!row.DecodeFrom(&value, catalog.series_count()) || !value.empty()) {
    return Damaged(absl::StrCat("name ", name, " on ", FormatTime(DayStartUs(day))));
  }
  if (static_cast<NameKind>(kind) == NameKind::kStep) {
    total_.Merge(row.sums);
  }
  return absl::OkStatus();
}

absl::Status CallRollups::Load(const Kv& kv, const Catalog& catalog) {
  auto rows = kv.Scan(Family::kSteps, "", kWatermarkKey);
  for (; rows->Valid(); rows->Next()) {
    RETURN_IF_ERROR(LoadRow(rows->key(), rows->value(), catalog));
  }
  return rows->status();
}

}  // namespace itemized
