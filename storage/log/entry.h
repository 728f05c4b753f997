// SPDX-License-Identifier: Apache-2.0
#pragma once

// One entry of the log: all that one synced write changes, as results and not as requests, so
// that whoever applies the same entries in their order has the same store. It names nothing that
// an earlier entry or itself does not define.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/block/block_store.h"
#include "storage/catalog/catalog.h"
#include "storage/model/submission.h"
#include "storage/pricing/rate_book.h"
#include "storage/pricing/repricing_job.h"

namespace itemized {

// Entries are numbered from 1 without a gap.
using EntryIndex = uint64_t;

// How much of the log something holds.
struct LogPosition {
  EntryIndex entry = 0;
  BlockSequence block = 0;  // The newest block of that entry and the entries before it.

  bool operator==(const LogPosition&) const = default;
};

// How far a producer has come with this entry.
struct ProducerProgress {
  ProducerId id{};
  uint64_t epoch = 0;
  uint64_t last_sequence = 0;
  int64_t last_seen_us = 0;
  // Hashes of the batches up to last_sequence, the newest last, as far as they are new or still
  // remembered. Those that were known before stay known if these follow them without a gap.
  std::vector<uint64_t> contents;

  bool operator==(const ProducerProgress&) const = default;
};

// Says which calls are still to be priced again because rates have changed.
struct RepricingMark {
  std::optional<int64_t> from_us;           // Calls from this instant on are; without it, none are.
  std::optional<int64_t> unpriced_from_us;  // Calls from this instant on that have no price are.

  bool empty() const { return !from_us.has_value() && !unpriced_from_us.has_value(); }

  bool operator==(const RepricingMark&) const = default;
};

// A plain value. What is empty changes nothing. Members are applied in the order they stand here.
struct Entry {
  EntryIndex index = 0;
  // When it was appended, by the clock that the server trusts; 0 in entries of earlier releases.
  int64_t recorded_us = 0;
  CatalogAdditions catalog;

  std::vector<ProducerId> forgotten_producers;  // One may stand in `producers` too: it begins anew.
  std::vector<ProducerProgress> producers;

  std::vector<CheckedRatePtr> rates_set;
  std::vector<std::string> rates_removed;  // The RateKey of each.
  std::optional<RepricingMark> repricing;
  // A job as it is after this entry, whose blocks are all of the job. Its id is `index` if the
  // entry begins it.
  std::optional<RepricingJob> job;

  // Events before this hour are no longer taken and no longer kept.
  std::optional<EventsFirstHour> events_first_hour;
  // Runs, named by workflow_id, that lie wholly before events_first_hour and are forgotten; and
  // runs that go on after it, whose calls are kept in their rows from now on.
  std::vector<std::string> runs_dropped;
  std::vector<std::string> runs_kept;
  // Rollups and outcomes of hours before this one, the first of a UTC day, are no longer kept.
  std::optional<Hour> views_first_hour;

  // Notes that are set, and the keys of those that are dropped, for they are too old.
  std::vector<Note> notes;
  std::vector<std::string> notes_dropped;

  // Blocks, by rising sequence. Retractions, and calls priced again, are rows of these as well.
  std::vector<Block> blocks;
};

// Returns the persisted form of an entry (storage/FORMAT.md, "Entry"). It leaves out the index,
// which is the entry's key, and the contents of blocks: it has only where they lie.
std::string EncodeEntry(const Entry& entry);

// Reads what EncodeEntry returned; the blocks have only their `ref`. DATA_LOSS if malformed.
absl::StatusOr<Entry> DecodeEntry(EntryIndex index, absl::string_view bytes);

}  // namespace itemized
