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

namespace itemized {

// From 1, one for each entry, without a gap.
using EntryIndex = uint64_t;

// How much of the log something holds.
struct LogPosition {
  EntryIndex entry = 0;
  BlockSequence block = 0;  // The newest block of that entry and those before it.

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

// Whether calls are to be priced again.
struct RepricingMark {
  std::optional<int64_t> from_us;  // From this instant on; none: all are priced by the book.

  bool operator==(const RepricingMark&) const = default;
};

// A plain value. What is empty changes nothing. Applied in this order.
struct Entry {
  EntryIndex index = 0;
  CatalogAdditions catalog;

  std::vector<ProducerId> forgotten_producers;  // Before `producers`, who may begin anew.
  std::vector<ProducerProgress> producers;

  std::vector<CheckedRatePtr> rates_set;
  std::vector<std::string> rates_removed;  // By RateKey.
  std::optional<RepricingMark> repricing;

  // Earlier events are no longer taken and no longer kept.
  std::optional<EventsFirstHour> events_first_hour;
  // Runs, by workflow_id, that lie wholly before it and are forgotten; and runs that go on after
  // it, whose calls are kept in their rows from now on.
  std::vector<std::string> runs_dropped;
  std::vector<std::string> runs_kept;
  // Rollups and outcomes of earlier hours are no longer kept; the first hour of a UTC day.
  std::optional<Hour> views_first_hour;

  // By rising sequence. Calls that are retracted or priced again are rows of these as well.
  std::vector<Block> blocks;
};

// The persisted form of an entry (storage/FORMAT.md, "Entry"), without its index, which is its
// key, and without what is in its blocks: of these it has where they lie.
std::string EncodeEntry(const Entry& entry);

// The reverse: `blocks` have only their `ref`. DATA_LOSS if malformed.
absl::StatusOr<Entry> DecodeEntry(EntryIndex index, absl::string_view bytes);

}  // namespace itemized
