// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/catalog.h"

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

NameId Catalog::Intern(NameKind kind, absl::string_view name) {
  const NameId found = Find(kind, name);
  if (found != kUnknown) {
    return found;
  }
  if (Of(kind).names.size() >= kNamesMax[static_cast<size_t>(kind)]) {
    return Find(kind, kOtherName);
  }
  return Append(kind, name);
}

SeriesId Catalog::Intern(const SeriesKey& key) {
  const auto found = series_ids_.find(key);
  if (found != series_ids_.end()) {
    return found->second;
  }
  SeriesKey stored = key;
  if (series_.size() >= kSeriesMax) {
    stored = SeriesKey{};
    stored[NameKind::kStep] = Find(NameKind::kStep, kOtherName);
  }
  const auto [it, inserted] = series_ids_.emplace(stored, static_cast<SeriesId>(series_.size()));
  if (inserted) {
    series_.push_back(stored);
  }
  return it->second;
}

NameId Catalog::Find(NameKind kind, absl::string_view name) const {
  const Names& names = Of(kind);
  const auto found = names.ids.find(name);
  return found == names.ids.end() ? kUnknown : found->second;
}

SeriesId Catalog::Find(const SeriesKey& key) const {
  const auto found = series_ids_.find(key);
  return found == series_ids_.end() ? kUnknown : found->second;
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

absl::Status Catalog::Load(const Kv& kv) {
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
