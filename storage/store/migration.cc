// SPDX-License-Identifier: Apache-2.0
#include "storage/store/migration.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/catalog/catalog.h"
#include "storage/log/entry.h"
#include "storage/store/entry_rows.h"
#include "storage/store/producers.h"
#include "storage/store/state.h"
#include "storage/store/views.h"

namespace itemized {
namespace {

// How many blocks one entry may have: whoever reads the log has them in memory together.
constexpr size_t kBlocksPerEntry = 32;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("The store is damaged: ", what,
                   " cannot be read. Restore the data directory from a backup."));
}

// Reads the newest block or a watermark, which version 8 wrote as the sequence of a block alone. 0
// if there is no such row.
absl::StatusOr<BlockSequence> SequenceAt(const Kv& kv, Family family, absl::string_view key) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(family, key));
  BlockSequence sequence = 0;
  absl::string_view value = row.has_value() ? absl::string_view(*row) : "";
  if (row.has_value() && (!ReadVarint(&value, &sequence) || !value.empty())) {
    return Damaged("the number of a block");
  }
  return sequence;
}

// Returns all blocks by rising sequence.
absl::StatusOr<std::vector<BlockRef>> ListBlocks(const Kv& kv) {
  std::vector<BlockRef> refs;
  auto rows = kv.Scan(Family::kLog, "", "");
  for (; rows->Valid(); rows->Next()) {
    absl::string_view key = rows->key();
    BlockRef& ref = refs.emplace_back();
    if (!ReadBigEndianId(&key, &ref.hour) || !ReadBigEndian64(&key, &ref.sequence) ||
        !key.empty()) {
      return Damaged("the key of a block");
    }
  }
  RETURN_IF_ERROR(rows->status());
  std::sort(refs.begin(), refs.end(),
            [](const BlockRef& a, const BlockRef& b) { return a.sequence < b.sequence; });
  return refs;
}

// Makes an entry that says what the rows beside the log say.
absl::StatusOr<Entry> FirstEntry(Kv* kv) {
  Entry entry;
  Catalog catalog;
  RETURN_IF_ERROR(catalog.Load(*kv));
  entry.catalog = catalog.All();
  ASSIGN_OR_RETURN(entry.producers, Producers::ReadAll(*kv));
  RateBook book;
  RETURN_IF_ERROR(LoadRates(*kv, &book));
  for (Rate& rate : book.List()) {
    ASSIGN_OR_RETURN(entry.rates_set.emplace_back(), CheckedRate::Make(std::move(rate)));
  }
  RepricingMark repricing;
  RETURN_IF_ERROR(LoadRepricing(*kv, &repricing));
  if (!repricing.empty()) {
    entry.repricing = repricing;
  }
  ASSIGN_OR_RETURN(const BlockStore blocks, BlockStore::Open(kv));
  if (blocks.first_hour() != Hour()) {
    entry.events_first_hour =
        EventsFirstHour{.hour = blocks.first_hour(), .is_dropping = blocks.is_dropping()};
  }
  ASSIGN_OR_RETURN(const Hour views_first_hour, Views::LoadFirstHour(*kv));
  if (views_first_hour != Hour()) {
    entry.views_first_hour = views_first_hour;
  }
  return entry;
}

class Migration {
 public:
  explicit Migration(Kv* kv) : kv_(*kv) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(const Entry first, FirstEntry(&kv_));
    ASSIGN_OR_RETURN(rollups_, SequenceAt(kv_, Family::kRollups, keys::kWatermark));
    ASSIGN_OR_RETURN(runs_, SequenceAt(kv_, Family::kOutcomes, keys::kWatermark));
    ASSIGN_OR_RETURN(const BlockSequence last, SequenceAt(kv_, Family::kMeta, keys::kApplied));
    RETURN_IF_ERROR(DropCommitIndex());
    Put(first);
    RETURN_IF_ERROR(PutBlocks());
    AddAppliedRow({.entry = index_, .block = last}, &batch_);
    batch_.Put(Family::kMeta, keys::kVersion, absl::StrCat(kSchemaVersion));
    return kv_.Write(batch_, /*sync=*/true);
  }

  size_t blocks() const { return blocks_; }

 private:
  // Deletes the rows of the commit index, which lie where entries do now.
  absl::Status DropCommitIndex() {
    auto rows = kv_.Scan(Family::kMeta, keys::kEntries, keys::Past(keys::kEntries));
    for (; rows->Valid(); rows->Next()) {
      batch_.Delete(Family::kMeta, std::string(rows->key()));
    }
    return rows->status();
  }

  void Put(const Entry& entry) {
    batch_.Put(Family::kMeta, keys::Entry(++index_), EncodeEntry(entry));
  }

  // Returns whether `next` may join `entry`: blocks of one entry follow each other, and each view
  // holds all of them or none.
  bool IsOneEntry(const Entry& entry, const BlockRef& next) const {
    const BlockSequence last = entry.blocks.back().ref.sequence;
    return entry.blocks.size() < kBlocksPerEntry && next.sequence == last + 1 && last != rollups_ &&
           last != runs_;
  }

  absl::Status PutBlocks() {
    ASSIGN_OR_RETURN(const std::vector<BlockRef> refs, ListBlocks(kv_));
    blocks_ = refs.size();
    Entry entry;
    LogPosition rollups{.entry = index_, .block = rollups_};
    LogPosition runs{.entry = index_, .block = runs_};
    const auto put = [&] {
      Put(entry);
      const BlockSequence last = std::exchange(entry, Entry()).blocks.back().ref.sequence;
      rollups.entry = last <= rollups_ ? index_ : rollups.entry;
      runs.entry = last <= runs_ ? index_ : runs.entry;
    };
    for (const BlockRef& ref : refs) {
      if (!entry.blocks.empty() && !IsOneEntry(entry, ref)) {
        put();
      }
      entry.blocks.emplace_back().ref = ref;
    }
    if (!entry.blocks.empty()) {
      put();
    }
    Views::AddWatermarks(rollups, runs, &batch_);
    return absl::OkStatus();
  }

  Kv& kv_;
  KvBatch batch_;
  EntryIndex index_ = 0;
  size_t blocks_ = 0;
  BlockSequence rollups_ = 0;  // The watermarks of version 8: of the rollups, and of the runs.
  BlockSequence runs_ = 0;
};

}  // namespace

absl::Status MigrateFromVersion8(Kv* kv, const std::function<void(const std::string&)>& tell) {
  tell("The store was written by an earlier version; its log is being brought up to date.");
  Migration migration(kv);
  RETURN_IF_ERROR(migration.Run());
  tell(absl::StrCat("The log is up to date, with ", migration.blocks(),
                    " blocks. The earlier version can no longer read it."));
  return absl::OkStatus();
}

absl::Status MigrateFromVersion10(Kv* kv) {
  ASSIGN_OR_RETURN(const std::optional<std::string> watermark,
                   kv->Get(Family::kOutcomes, keys::kWatermark));
  KvBatch batch;
  if (watermark.has_value()) {
    batch.Put(Family::kRuns, keys::kRunsWatermark, *watermark);
  }
  batch.Put(Family::kMeta, keys::kVersion, absl::StrCat(kSchemaVersion));
  return kv->Write(batch, /*sync=*/true);
}

}  // namespace itemized
