// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/catalog.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

constexpr std::array<size_t, kNameKindCount> kNamesMax = {kStepsMax, kWorkflowsMax, kProvidersMax,
                                                          kModelsMax};

// Names that every kind has and that are in no entry: the empty one and kOtherName.
constexpr size_t kFixedNames = 2;

std::string NameKey(NameKind kind, NameId id) {
  return keys::Name(static_cast<uint8_t>(kind), id.value());
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat(
      "The store is damaged: a ", what,
      " row of the catalog cannot be read. Restore the data directory from a backup."));
}

}  // namespace

// The empty name and kOtherName are number 0 and 1 of every kind, saved or not.
Catalog::Catalog() {
  for (int kind = 0; kind < kNameKindCount; ++kind) {
    Append(static_cast<NameKind>(kind), "");
    Append(static_cast<NameKind>(kind), kOtherName);
    names_[static_cast<size_t>(kind)].saved = kFixedNames;
  }
}

NameId Catalog::Append(NameKind kind, absl::string_view name) {
  Names& names = Of(kind);
  const NameId id(static_cast<uint32_t>(names.names.size()));
  names.names.emplace_back(name);
  names.ids.emplace(name, id);
  return id;
}

NameId Catalog::Lookup(NameKind kind, absl::string_view name) const {
  const Names& names = Of(kind);
  const auto found = names.ids.find(name);
  return found == names.ids.end() ? kUnknown : found->second;
}

NameId Catalog::Find(NameKind kind, absl::string_view name) const {
  const NameId id = Lookup(kind, name);
  return id.value() < Of(kind).saved ? id : kUnknown;
}

NameId Catalog::Resolve(NameKind kind, absl::string_view name) const {
  const NameId found = Lookup(kind, name);
  const bool is_full = Of(kind).names.size() >= kNamesMax[static_cast<size_t>(kind)];
  return found == kUnknown && is_full ? Lookup(kind, kOtherName) : found;
}

NameId Catalog::Intern(NameKind kind, absl::string_view name) {
  const NameId found = Resolve(kind, name);
  return found == kUnknown ? Append(kind, name) : found;
}

NameId Catalog::InternRatedModel(absl::string_view name) {
  const NameId found =
      HasRoomForRatedModel() ? Lookup(NameKind::kModel, name) : Resolve(NameKind::kModel, name);
  return found == kUnknown ? Append(NameKind::kModel, name) : found;
}

bool Catalog::HasRoomForRatedModel() const {
  return Of(NameKind::kModel).names.size() < kModelsMax + kRatedModelsMax;
}

bool Catalog::may_lose_models() const {
  return Of(NameKind::kModel).names.size() >= kModelsMax || series_.size() >= kSeriesMax;
}

// The series under which a new one is billed once there are kSeriesMax.
SeriesKey Catalog::OtherSeries() const {
  SeriesKey other;
  other[NameKind::kStep] = Lookup(NameKind::kStep, kOtherName);
  return other;
}

SeriesId Catalog::Resolve(const SeriesKey& key) const {
  auto found = series_ids_.find(key);
  if (found == series_ids_.end() && series_.size() >= kSeriesMax) {
    found = series_ids_.find(OtherSeries());
  }
  return found == series_ids_.end() ? kUnknownSeries : found->second;
}

SeriesId Catalog::Intern(const SeriesKey& key) {
  const SeriesId found = Resolve(key);
  if (found != kUnknownSeries) {
    return found;
  }
  const SeriesKey stored = series_.size() >= kSeriesMax ? OtherSeries() : key;
  const SeriesId id(static_cast<uint32_t>(series_.size()));
  series_ids_.emplace(stored, id);
  series_.push_back(stored);
  return id;
}

const std::string& Catalog::Name(NameKind kind, NameId id) const {
  return Of(kind).names[id.value()];
}

// Returns all names but the first names[kind] of each kind, and all but the first `series` series.
CatalogAdditions Catalog::Behind(const std::array<size_t, kNameKindCount>& names,
                                 size_t series) const {
  CatalogAdditions additions;
  for (size_t i = 0; i < kNameKindCount; ++i) {
    const NameKind kind = static_cast<NameKind>(i);
    for (size_t id = names[i]; id < Of(kind).names.size(); ++id) {
      additions.names.push_back({kind, NameId(static_cast<uint32_t>(id)), Of(kind).names[id]});
    }
  }
  additions.first_series = SeriesId(static_cast<uint32_t>(series));
  additions.series.assign(series_.begin() + static_cast<std::ptrdiff_t>(series), series_.end());
  return additions;
}

CatalogAdditions Catalog::Unsaved() const {
  std::array<size_t, kNameKindCount> saved{};
  std::transform(names_.begin(), names_.end(), saved.begin(),
                 [](const Names& names) { return names.saved; });
  return Behind(saved, series_saved_);
}

CatalogAdditions Catalog::All() const {
  std::array<size_t, kNameKindCount> fixed{};
  fixed.fill(kFixedNames);
  CatalogAdditions additions = Behind(fixed, 0);
  additions.id_key = id_key_;
  return additions;
}

// Adds a name of an entry; false if it contradicts what is there, or leaves a gap.
bool Catalog::Add(const CatalogAdditions::Name& name) {
  Names& names = Of(name.kind);
  if (name.id.value() == names.names.size() && !names.ids.contains(name.name)) {
    Append(name.kind, name.name);
  }
  if (name.id.value() >= names.names.size() || Name(name.kind, name.id) != name.name) {
    return false;
  }
  names.saved = std::max<size_t>(names.saved, name.id.value() + 1);
  return true;
}

bool Catalog::Add(SeriesId id, const SeriesKey& key) {
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    if (key.names[kind].value() >= names_[kind].names.size()) {
      return false;
    }
  }
  if (id.value() == series_.size() && series_ids_.emplace(key, id).second) {
    series_.push_back(key);
  }
  if (id.value() >= series_.size() || !(Series(id) == key)) {
    return false;
  }
  series_saved_ = std::max<size_t>(series_saved_, id.value() + 1);
  return true;
}

absl::Status Catalog::Apply(const CatalogAdditions& additions) {
  if (additions.id_key.has_value()) {
    id_key_ = *additions.id_key;
  }
  for (const CatalogAdditions::Name& name : additions.names) {
    if (!Add(name)) {
      return absl::DataLossError(absl::StrCat("The log is damaged: it gives the number ",
                                              name.id.value(), " to the name \"", name.name,
                                              "\", which does not fit to what it said before."));
    }
  }
  SeriesId id = additions.first_series;
  for (const SeriesKey& key : additions.series) {
    if (!Add(id, key)) {
      return absl::DataLossError(absl::StrCat("The log is damaged: what it says of series ",
                                              id.value(), " does not fit to what it said before."));
    }
    ++id;
  }
  return absl::OkStatus();
}

void Catalog::AddRows(const CatalogAdditions& additions, KvBatch* batch) {
  if (additions.id_key.has_value()) {
    std::string row;
    for (const uint64_t word : *additions.id_key) {
      AppendBigEndian64(&row, word);
    }
    batch->Put(Family::kMeta, keys::kIdKey, std::move(row));
  }
  for (const auto& [kind, id, name] : additions.names) {
    batch->Put(Family::kMeta, NameKey(kind, id), name);
  }
  SeriesId id = additions.first_series;
  for (const SeriesKey& key : additions.series) {
    std::string value;
    for (const NameId name : key.names) {
      AppendVarint(&value, name.value());
    }
    batch->Put(Family::kMeta, keys::Series((id++).value()), std::move(value));
  }
}

void Catalog::DropUnsaved() {
  for (Names& names : names_) {
    for (; names.names.size() > names.saved; names.names.pop_back()) {
      names.ids.erase(names.names.back());
    }
  }
  for (; series_.size() > series_saved_; series_.pop_back()) {
    series_ids_.erase(series_.back());
  }
}

absl::Status Catalog::LoadKey(const Kv& kv) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, keys::kIdKey));
  absl::string_view rest = row.has_value() ? absl::string_view(*row) : "";
  if (!ReadBigEndian64(&rest, &id_key_[0]) || !ReadBigEndian64(&rest, &id_key_[1]) ||
      !rest.empty()) {
    return absl::DataLossError(
        "The store is damaged: the key of its event ids cannot be read. Restore the data directory "
        "from a backup.");
  }
  return absl::OkStatus();
}

absl::Status Catalog::Load(const Kv& kv) {
  RETURN_IF_ERROR(LoadKey(kv));
  auto names = kv.Scan(Family::kMeta, keys::kNames, keys::Past(keys::kNames));
  for (; names->Valid(); names->Next()) {
    const absl::string_view key = names->key();
    if (key.size() != 6 || static_cast<uint8_t>(key[1]) >= kNameKindCount) {
      return Damaged("name");
    }
    const NameId id = Append(static_cast<NameKind>(key[1]), names->value());
    if (key != NameKey(static_cast<NameKind>(key[1]), id)) {
      return Damaged("name");
    }
  }
  RETURN_IF_ERROR(names->status());
  auto series = kv.Scan(Family::kMeta, keys::kSeries, keys::Past(keys::kSeries));
  for (; series->Valid(); series->Next()) {
    absl::string_view value = series->value();
    SeriesKey row;
    for (int kind = 0; kind < kNameKindCount; ++kind) {
      NameId& id = row.names[static_cast<size_t>(kind)];
      if (!ReadVarintId(&value, &id) ||
          id.value() >= names_[static_cast<size_t>(kind)].names.size()) {
        return Damaged("series");
      }
    }
    const SeriesId id(static_cast<uint32_t>(series_.size()));
    if (!value.empty() || series->key() != keys::Series(id.value()) ||
        !series_ids_.emplace(row, id).second) {
      return Damaged("series");
    }
    series_.push_back(row);
  }
  for (Names& of_kind : names_) {
    of_kind.saved = of_kind.names.size();
  }
  series_saved_ = series_.size();
  return series->status();
}

}  // namespace itemized
