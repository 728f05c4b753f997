// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/catalog.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

// Keys in Family::kMeta (storage/FORMAT.md, "Catalog").
constexpr char kNamePrefix = 'n';
constexpr char kSeriesPrefix = 's';
constexpr char kIdKeyKey[] = "k";

constexpr std::array<size_t, kNameKindCount> kNamesMax = {kStepsMax, kWorkflowsMax, kProvidersMax,
                                                          kModelsMax};

std::string NameKey(NameKind kind, NameId id) {
  std::string key = {kNamePrefix, static_cast<char>(kind)};
  AppendBigEndian32(&key, id);
  return key;
}

std::string SeriesRowKey(SeriesId id) {
  std::string key = {kSeriesPrefix};
  AppendBigEndian32(&key, id);
  return key;
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the store is damaged: a ", what, " row of the catalog cannot be read"));
}

}  // namespace

// The empty name and kOtherName are number 0 and 1 of every kind, saved or not.
Catalog::Catalog() {
  for (int kind = 0; kind < kNameKindCount; ++kind) {
    Append(static_cast<NameKind>(kind), "");
    Append(static_cast<NameKind>(kind), kOtherName);
    names_[static_cast<size_t>(kind)].saved = 2;
  }
}

NameId Catalog::Append(NameKind kind, absl::string_view name) {
  Names& names = Of(kind);
  const NameId id = static_cast<NameId>(names.names.size());
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
  return id < Of(kind).saved ? id : kUnknown;
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

// What a series is billed under, once those of its own are used up.
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
  return found == series_ids_.end() ? kUnknown : found->second;
}

SeriesId Catalog::Intern(const SeriesKey& key) {
  const SeriesId found = Resolve(key);
  if (found != kUnknown) {
    return found;
  }
  const SeriesKey stored = series_.size() >= kSeriesMax ? OtherSeries() : key;
  const auto id = static_cast<SeriesId>(series_.size());
  series_ids_.emplace(stored, id);
  series_.push_back(stored);
  return id;
}

const std::string& Catalog::Name(NameKind kind, NameId id) const {
  return Of(kind).names[id];
}

void Catalog::Save(KvBatch* batch) const {
  for (int i = 0; i < kNameKindCount; ++i) {
    const NameKind kind = static_cast<NameKind>(i);
    for (size_t id = Of(kind).saved; id < Of(kind).names.size(); ++id) {
      batch->Put(Family::kMeta, NameKey(kind, static_cast<NameId>(id)), Of(kind).names[id]);
    }
  }
  for (size_t id = series_saved_; id < series_.size(); ++id) {
    std::string value;
    for (const NameId name : series_[id].names) {
      AppendVarint(&value, name);
    }
    batch->Put(Family::kMeta, SeriesRowKey(static_cast<SeriesId>(id)), std::move(value));
  }
}

void Catalog::MarkSaved() {
  for (Names& names : names_) {
    names.saved = names.names.size();
  }
  series_saved_ = series_.size();
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

void Catalog::Create(KvBatch* batch) {
  std::string row;
  for (const uint64_t word : RandomHashKey()) {
    AppendBigEndian64(&row, word);
  }
  batch->Put(Family::kMeta, kIdKeyKey, std::move(row));
}

absl::Status Catalog::LoadKey(const Kv& kv) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, kIdKeyKey));
  absl::string_view rest = row.has_value() ? absl::string_view(*row) : "";
  if (!ReadBigEndian64(&rest, &id_key_[0]) || !ReadBigEndian64(&rest, &id_key_[1]) ||
      !rest.empty()) {
    return absl::DataLossError("the store is damaged: the key of its event ids cannot be read");
  }
  return absl::OkStatus();
}

absl::Status Catalog::Load(const Kv& kv) {
  RETURN_IF_ERROR(LoadKey(kv));
  auto names = kv.Scan(Family::kMeta, "n", "o");
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
  auto series = kv.Scan(Family::kMeta, "s", "t");
  for (; series->Valid(); series->Next()) {
    absl::string_view value = series->value();
    SeriesKey row;
    for (int kind = 0; kind < kNameKindCount; ++kind) {
      uint64_t id = 0;
      if (!ReadVarint(&value, &id) || id >= names_[static_cast<size_t>(kind)].names.size()) {
        return Damaged("series");
      }
      row.names[static_cast<size_t>(kind)] = static_cast<NameId>(id);
    }
    if (!value.empty() || series->key() != SeriesRowKey(static_cast<SeriesId>(series_.size())) ||
        !series_ids_.emplace(row, static_cast<SeriesId>(series_.size())).second) {
      return Damaged("series");
    }
    series_.push_back(row);
  }
  RETURN_IF_ERROR(series->status());
  MarkSaved();
  return absl::OkStatus();
}

}  // namespace itemized
