// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/catalog: numbers for names and series. May use base, model and kv.

// Names and series, each with a small number that never changes. A series is a distinct (step,
// workflow, provider, model), as in time-series databases. A number means nothing without its kind:
// each kind of name is numbered from 0.

#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/base/keyed_hash.h"
#include "storage/base/strong_id.h"
#include "storage/kv/kv.h"

namespace itemized {

// PERSISTED: never change or reuse a number.
enum class NameKind : uint8_t { kStep = 0, kWorkflow = 1, kProvider = 2, kModel = 3 };
inline constexpr int kNameKindCount = 4;

// One type for the names of all kinds: nearly all code goes through the kinds in a loop, so that a
// type for each would be cast away where it matters. A NameId stands beside its kind, or in a place
// that is of one kind only.
using NameId = StrongId<struct NameTag>;
// The number of the empty name, in every kind: what has it is not named.
inline constexpr NameId kUnnamed;
// The number of kOtherName, in every kind: it stands for all names beyond a limit.
inline constexpr NameId kOtherNameId(1);
using SeriesId = StrongId<struct SeriesTag>;

// The names of a series, one of each kind; indexed by NameKind.
struct SeriesKey {
  std::array<NameId, kNameKindCount> names{};

  NameId operator[](NameKind kind) const { return names[static_cast<size_t>(kind)]; }
  NameId& operator[](NameKind kind) { return names[static_cast<size_t>(kind)]; }
  // Compares name by name: std::array would call memcmp, for 16 bytes of each call of a batch.
  bool operator==(const SeriesKey& other) const {
    static_assert(kNameKindCount == 4);
    return names[0] == other.names[0] && names[1] == other.names[1] && names[2] == other.names[2] &&
           names[3] == other.names[3];
  }

  template <typename H>
  friend H AbslHashValue(H h, const SeriesKey& key) {
    // The names are hashed as 16 bytes at once, and not one by one.
    return H::combine(std::move(h), std::bit_cast<std::array<uint32_t, kNameKindCount>>(key.names));
  }
};

// What an entry of the log adds to a catalog. A plain value.
struct CatalogAdditions {
  struct Name {
    NameKind kind = NameKind::kStep;
    NameId id{};
    std::string name;

    bool operator==(const Name&) const = default;
  };

  std::optional<HashKey> id_key;  // Only the first entry of a store has one.
  std::vector<Name> names;        // Sorted by kind, then by rising number without a gap.
  SeriesId first_series{};        // The number of series[0]; the others follow without a gap.
  std::vector<SeriesKey> series;

  bool operator==(const CatalogAdditions&) const = default;
};

// All names and series. Intern adds them in memory when an event with them is accepted; they stay
// once the entry of the log that holds them is applied, and DropUnsaved takes them back if it was
// not written. Not thread-safe: State::mutex guards it.
class Catalog {
 public:
  Catalog();

  // Reads the key of the event ids, all names and all series. DATA_LOSS if one is malformed, else
  // the errors of Kv.
  absl::Status Load(const Kv& kv);

  // Adds what an entry says. Numbers that are here already, because they were interned or the entry
  // was applied before, must mean what the entry says: DATA_LOSS if not, or if a number before them
  // is missing.
  absl::Status Apply(const CatalogAdditions& additions);

  // Adds the rows of `additions` to `batch`, as Load reads them.
  static void AddRows(const CatalogAdditions& additions, KvBatch* batch);

  // The key of the fingerprints of event ids (storage/runs/run.h). It does not change once the
  // store has its first entry.
  const HashKey& id_key() const { return id_key_; }

  static constexpr NameId kUnknown = NameId::Max();
  static constexpr SeriesId kUnknownSeries = SeriesId::Max();

  // Returns the number of `name`, and adds it if it is new. Once its kind has reached its limit
  // (storage/model/limits.h), a new name gets the number of kOtherName.
  NameId Intern(NameKind kind, absl::string_view name);
  // Does so with a model that has a rate, for which there is room beyond the limit, so that names
  // that mean nothing do not shut out those that do.
  NameId InternRatedModel(absl::string_view name);
  bool HasRoomForRatedModel() const;
  // Returns the number of a series, and adds it if it is new. Beyond kSeriesMax, a new series gets
  // the number of the one whose step is kOtherName and whose other names are empty.
  SeriesId Intern(const SeriesKey& key);

  // Whether a call may be billed under a series that does not name its model.
  bool may_lose_models() const;

  // Returns what Intern would, but kUnknown or kUnknownSeries where Intern would add something.
  NameId Resolve(NameKind kind, absl::string_view name) const;
  SeriesId Resolve(const SeriesKey& key) const;

  // Returns the number of a name that an applied entry holds, else kUnknown: a name that was only
  // interned may still be taken back.
  NameId Find(NameKind kind, absl::string_view name) const;

  const std::string& Name(NameKind kind, NameId id) const;
  const SeriesKey& Series(SeriesId id) const { return series_[id.value()]; }
  size_t name_count(NameKind kind) const { return Of(kind).names.size(); }
  size_t series_count() const { return series_.size(); }

  // Returns all names and series and the key, as one entry would say them.
  CatalogAdditions All() const;

  // Returns the names and series that were interned and are in no entry that was applied.
  CatalogAdditions Unsaved() const;
  // Takes back what Unsaved returns. The numbers are given to others.
  void DropUnsaved();

 private:
  struct Names {
    absl::flat_hash_map<std::string, NameId> ids;
    std::deque<std::string> names;  // Indexed by number; references stay valid as it grows.
    size_t saved = 0;               // Numbers below this are in an applied entry.
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
