// SPDX-License-Identifier: Apache-2.0
#pragma once

// Names and series, each with a small number that never changes. A series is a
// distinct (step, workflow, provider, model), as in time-series databases.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/base/keyed_hash.h"
#include "storage/kv/kv.h"

namespace itemized {

// PERSISTED: never change or reuse a number.
enum class NameKind : uint8_t { kStep = 0, kWorkflow = 1, kProvider = 2, kModel = 3 };
inline constexpr int kNameKindCount = 4;

using NameId = uint32_t;
using SeriesId = uint32_t;

// By NameKind.
struct SeriesKey {
  std::array<NameId, kNameKindCount> names{};

  NameId operator[](NameKind kind) const { return names[static_cast<size_t>(kind)]; }
  NameId& operator[](NameKind kind) { return names[static_cast<size_t>(kind)]; }
  // As std::array does it, without calling memcmp for 16 bytes of each call of a batch.
  bool operator==(const SeriesKey& other) const {
    static_assert(kNameKindCount == 4);
    return names[0] == other.names[0] && names[1] == other.names[1] && names[2] == other.names[2] &&
           names[3] == other.names[3];
  }

  template <typename H>
  friend H AbslHashValue(H h, const SeriesKey& key) {
    return H::combine(std::move(h), key.names);
  }
};

// What an entry of the log adds to a catalog. A plain value.
struct CatalogAdditions {
  struct Name {
    NameKind kind = NameKind::kStep;
    NameId id = 0;
    std::string name;

    bool operator==(const Name&) const = default;
  };

  std::optional<HashKey> id_key;  // In the first entry of a store, and in no other.
  std::vector<Name> names;        // By kind, then by rising number without a gap.
  SeriesId first_series = 0;      // The number of the first of `series`; the rest follow it.
  std::vector<SeriesKey> series;

  bool operator==(const CatalogAdditions&) const = default;
};

// Not thread-safe: the lock of the views guards it. Names and series are added in memory once
// an event of theirs is accepted, and stay once the entry of the log that holds them is applied.
class Catalog {
 public:
  Catalog();

  // Reads the key, all names and series. DATA_LOSS if malformed.
  absl::Status Load(const Kv& kv);

  // Adds what an entry says. What is there already, because it was interned here or because the
  // entry was applied before, must be the same: DATA_LOSS if it is not, or if a number is missing.
  absl::Status Apply(const CatalogAdditions& additions);

  // Adds the rows that Load reads `additions` from to `batch`.
  static void AddRows(const CatalogAdditions& additions, KvBatch* batch);

  // The key under which event ids are numbered (storage/runs/run.h). It does not change once the
  // store has its first entry.
  const HashKey& id_key() const { return id_key_; }

  static constexpr uint32_t kUnknown = UINT32_MAX;

  // The number of `name`. Beyond the limit of its kind: that of kOtherName.
  NameId Intern(NameKind kind, absl::string_view name);
  // Beyond the limit: the series with the step kOtherName and nothing else.
  SeriesId Intern(const SeriesKey& key);

  // What Intern would say; kUnknown if it would add a number.
  NameId Resolve(NameKind kind, absl::string_view name) const;
  SeriesId Resolve(const SeriesKey& key) const;

  // The number of a name that an applied entry holds, or kUnknown. Any other may still go away.
  NameId Find(NameKind kind, absl::string_view name) const;

  const std::string& Name(NameKind kind, NameId id) const;
  const SeriesKey& Series(SeriesId id) const { return series_[id]; }
  size_t name_count(NameKind kind) const { return Of(kind).names.size(); }
  size_t series_count() const { return series_.size(); }

  // All that it has, as one entry would say it.
  CatalogAdditions All() const;

  // What was interned and is in no entry that was applied.
  CatalogAdditions Unsaved() const;
  // Takes that back. Its numbers are used again.
  void DropUnsaved();

 private:
  struct Names {
    absl::flat_hash_map<std::string, NameId> ids;
    std::deque<std::string> names;  // References stay valid.
    size_t saved = 0;
  };
  Names& Of(NameKind kind) { return names_[static_cast<size_t>(kind)]; }
  const Names& Of(NameKind kind) const { return names_[static_cast<size_t>(kind)]; }
  NameId Append(NameKind kind, absl::string_view name);
  NameId Lookup(NameKind kind, absl::string_view name) const;
  SeriesKey OtherSeries() const;

  absl::Status LoadKey(const Kv& kv);
  CatalogAdditions Behind(const std::array<size_t, kNameKindCount>& names, size_t series) const;
  bool Add(const CatalogAdditions::Name& name);
  bool Add(SeriesId id, const SeriesKey& key);

  HashKey id_key_{};
  std::array<Names, kNameKindCount> names_;
  absl::flat_hash_map<SeriesKey, SeriesId> series_ids_;
  std::vector<SeriesKey> series_;
  size_t series_saved_ = 0;
};

}  // namespace itemized
