// SPDX-License-Identifier: Apache-2.0
#include "storage/log/local_log.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/kv/keys.h"

namespace itemized {
namespace {

// How many entries are dropped in one write.
constexpr size_t kTrimmedPerWrite = 10'000;

absl::StatusOr<EntryIndex> IndexOf(absl::string_view key) {
  EntryIndex index = 0;
  key.remove_prefix(1);
  if (!ReadBigEndian64(&key, &index) || !key.empty()) {
    return absl::DataLossError(
        "The store is damaged: a key of the log cannot be read. Restore the data directory "
        "from a backup.");
  }
  return index;
}

absl::Status Missing(EntryIndex index) {
  return absl::DataLossError(
      absl::StrCat("The store is damaged: entry ", index,
                   " of the log is missing. Restore the data directory from a backup."));
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalLog>> LocalLog::Open(Kv* kv, const BlockStore* blocks,
                                                         EntryIndex last) {
  std::unique_ptr<LocalLog> log(new LocalLog(kv, blocks, last));
  auto rows = kv->Scan(Family::kMeta, keys::kEntries, keys::Past(keys::kEntries));
  log->first_ = last + 1;
  if (rows->Valid()) {
    ASSIGN_OR_RETURN(log->first_, IndexOf(rows->key()));
  }
  RETURN_IF_ERROR(rows->status());
  return log;
}

AppendResult LocalLog::Append(const Entry& entry, KvBatch rows) {
  CHECK(entry.index == last_ + 1);
  rows.Put(Family::kMeta, keys::Entry(entry.index), EncodeEntry(entry));
  if (absl::Status status = kv_.Write(rows, /*sync=*/true); !status.ok()) {
    return AppendResult::NotAppended(std::move(status));
  }
  last_ = entry.index;
  return {};
}

absl::Status LocalLog::ReadBlocks(Hour first_hour, OnDamage on_damage,
                                  std::vector<Block>* blocks) const {
  std::vector<Block> read;
  for (const Block& known : *blocks) {
    absl::StatusOr<Block> block = blocks_.Find(known.ref);
    if (block.ok()) {
      read.push_back(*std::move(block));
    } else if (absl::IsDataLoss(block.status())) {
      RETURN_IF_ERROR(on_damage(known.ref, block.status()));
    } else if (!absl::IsNotFound(block.status())) {
      return block.status();
    } else if (known.ref.hour >= first_hour) {
      RETURN_IF_ERROR(on_damage(known.ref, absl::DataLossError(block.status().message())));
    }
  }
  *blocks = std::move(read);
  return absl::OkStatus();
}

absl::Status LocalLog::Read(EntryIndex after, EntryIndex up_to, Hour first_hour, Take take,
                            OnDamage on_damage) const {
  EntryIndex next = after + 1;
  auto rows = kv_.Scan(Family::kMeta, keys::Entry(next), keys::Entry(up_to + 1));
  for (; rows->Valid(); rows->Next(), ++next) {
    ASSIGN_OR_RETURN(const EntryIndex index, IndexOf(rows->key()));
    if (index != next) {
      return Missing(next);
    }
    ASSIGN_OR_RETURN(Entry entry, DecodeEntry(index, rows->value()));
    RETURN_IF_ERROR(ReadBlocks(first_hour, on_damage, &entry.blocks));
    RETURN_IF_ERROR(take(std::move(entry)));
  }
  RETURN_IF_ERROR(rows->status());
  return next <= up_to ? Missing(next) : absl::OkStatus();
}

absl::Status LocalLog::Trim(EntryIndex up_to, Hour first_hour) {
  if (first_hour == Hour()) {
    return absl::OkStatus();
  }
  KvBatch batch;
  EntryIndex first = first_;
  const auto is_dropped = [&](const Block& block) { return block.ref.hour < first_hour; };
  auto rows = kv_.Scan(Family::kMeta, keys::Entry(first), keys::Entry(up_to + 1));
  for (; rows->Valid() && batch.operations().size() < kTrimmedPerWrite; rows->Next()) {
    ASSIGN_OR_RETURN(const EntryIndex index, IndexOf(rows->key()));
    ASSIGN_OR_RETURN(const Entry entry, DecodeEntry(index, rows->value()));
    if (!std::all_of(entry.blocks.begin(), entry.blocks.end(), is_dropped)) {
      break;
    }
    batch.Delete(Family::kMeta, std::string(rows->key()));
    first = index + 1;
  }
  RETURN_IF_ERROR(rows->status());
  RETURN_IF_ERROR(kv_.Write(batch, /*sync=*/false));
  first_ = first;
  return absl::OkStatus();
}

}  // namespace itemized
