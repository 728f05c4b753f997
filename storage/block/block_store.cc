// SPDX-License-Identifier: Apache-2.0
#include "storage/block/block_store.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

constexpr size_t kDroppedPerStep = 2'000;  // Blocks that one call of DropSome drops.

constexpr size_t kSharedCallsMin =
    1'000;  // Fewer calls are encoded before another thread has woken up.

absl::Status BadKey() {
  return absl::DataLossError(
      "The store is damaged: a key of the log cannot be read. Restore the data directory from a "
      "backup.");
}

absl::Status DataLossIfMissing(const absl::Status& status) {
  return absl::IsNotFound(status) ? absl::DataLossError(status.message()) : status;
}

absl::StatusOr<BlockRef> ParseBlockKey(absl::string_view key) {
  BlockRef ref;
  if (!ReadBigEndianId(&key, &ref.hour) || !ReadBigEndian64(&key, &ref.sequence) || !key.empty()) {
    return BadKey();
  }
  return ref;
}

absl::Status LoadFirstHour(const Kv& kv, EventsFirstHour* first) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row,
                   kv.Get(Family::kMeta, keys::kEventsFirstHour));
  if (row.has_value()) {
    absl::string_view value = *row;
    uint32_t dropping = 0;
    if (!ReadVarintId(&value, &first->hour) || !ReadVarint32(&value, &dropping) || !value.empty()) {
      return BadKey();
    }
    first->is_dropping = dropping != 0;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BlockStore> BlockStore::Open(Kv* kv) {
  BlockStore blocks(kv, /*is_borrowed=*/false);
  RETURN_IF_ERROR(LoadFirstHour(*kv, &blocks.first_hours_));
  return blocks;
}

void BlockStore::AddRow(EventsFirstHour first, KvBatch* batch) {
  std::string value;
  AppendVarint(&value, first.hour.value());
  AppendVarint(&value, first.is_dropping ? 1 : 0);
  batch->Put(Family::kMeta, keys::kEventsFirstHour, std::move(value));
}

absl::StatusOr<bool> BlockStore::DropSome() {
  CHECK(!is_borrowed_);
  const std::string end = keys::BlocksOf(first_hour());
  RETURN_IF_ERROR(kv_->DropFiles(Family::kLog, keys::BlocksOf(Hour()), end));
  auto rows = kv_->Scan(Family::kLog, "", end);
  KvBatch batch;
  for (size_t i = 0; i < kDroppedPerStep && rows->Valid(); ++i, rows->Next()) {
    batch.Delete(Family::kLog, std::string(rows->key()));
  }
  RETURN_IF_ERROR(rows->status());
  RETURN_IF_ERROR(kv_->Write(batch, /*sync=*/false));
  return !rows->Valid();
}

// Encodes the blocks that have no bytes yet. Threads share the work, since compressing takes long.
void BlockStore::EncodeRest(absl::Span<const Block> blocks, std::vector<std::string>* encoded) {
  encoded->resize(blocks.size());
  std::vector<size_t> rest;
  size_t calls = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if ((*encoded)[i].empty()) {
      rest.push_back(i);
      calls += blocks[i].calls.size();
    }
  }
  const auto encode = [&](size_t i) { (*encoded)[rest[i]] = EncodeBlock(blocks[rest[i]]); };
  if (calls >= kSharedCallsMin) {
    encoders_->ParallelFor(rest.size(), encode);
  } else {
    for (size_t i = 0; i < rest.size(); ++i) {
      encode(i);
    }
  }
}

void BlockStore::Number(absl::Span<Block> blocks) const {
  BlockSequence sequence = last_;
  for (Block& block : blocks) {
    block.ref.sequence = ++sequence;
  }
}

void BlockStore::AddRows(absl::Span<const Block> blocks, KvBatch* batch,
                         std::vector<std::string> encoded) {
  if (is_borrowed_) {
    return;
  }
  EncodeRest(blocks, &encoded);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const BlockRef& ref = blocks[i].ref;
    batch->Put(Family::kLog, keys::Block(ref.hour, ref.sequence), std::move(encoded[i]));
  }
}

absl::StatusOr<std::string> BlockStore::ReadBytes(BlockRef ref) const {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   kv_->Get(Family::kLog, keys::Block(ref.hour, ref.sequence)));
  if (!bytes.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("The store is damaged: block ", ref.sequence, " of hour ",
                     FormatTime(HourStartUs(ref.hour)),
                     " is missing. Restore the data directory from a backup."));
  }
  return *std::move(bytes);
}

absl::StatusOr<Block> BlockStore::Find(BlockRef ref, ColumnMask mask) const {
  ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(ref));
  return DecodeBlock(ref, bytes, mask);
}

absl::StatusOr<Block> BlockStore::Read(BlockRef ref, ColumnMask mask) const {
  absl::StatusOr<Block> block = Find(ref, mask);
  return block.ok() ? std::move(block) : DataLossIfMissing(block.status());
}

absl::StatusOr<Block> BlockStore::ReadRows(BlockRef ref, const RunNames& runs) const {
  const absl::StatusOr<std::string> bytes = ReadBytes(ref);
  return bytes.ok() ? DecodeRowsOfRuns(ref, *bytes, runs) : DataLossIfMissing(bytes.status());
}

absl::Status BlockStore::ReadHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask,
                                   BlockVisitor visit) const {
  ASSIGN_OR_RETURN(Reader reader, OpenHours(from, to, up_to, mask));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<Block> block, reader.Next());
    if (!block.has_value()) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(visit(*block));
  }
}

absl::StatusOr<BlockStore::Reader> BlockStore::OpenHours(Hour from, Hour to, BlockSequence up_to,
                                                         ColumnMask mask) const {
  if (from < std::min(to, first_hour())) {
    return absl::InvalidArgumentError(
        absl::StrCat("Single calls before ", FormatTime(HourStartUs(first_hour())),
                     " are no longer kept, so that only whole UTC days can be asked for there, "
                     "and not by attribute. Begin the window later."));
  }
  return Reader(kv_->Scan(Family::kLog, keys::BlocksOf(from), keys::BlocksOf(to)), up_to, mask);
}

absl::StatusOr<std::optional<BlockRef>> BlockStore::Reader::NextRef() {
  if (std::exchange(is_begun_, true) && blocks_->Valid()) {
    blocks_->Next();
  }
  for (; blocks_->Valid(); blocks_->Next()) {
    ASSIGN_OR_RETURN(const BlockRef ref, ParseBlockKey(blocks_->key()));
    if (ref.sequence <= up_to_) {
      return std::optional<BlockRef>(ref);
    }
  }
  RETURN_IF_ERROR(blocks_->status());
  return std::optional<BlockRef>();
}

absl::StatusOr<std::optional<Block>> BlockStore::Reader::Next() {
  ASSIGN_OR_RETURN(const std::optional<BlockRef> ref, NextRef());
  if (!ref.has_value()) {
    return std::optional<Block>();
  }
  ASSIGN_OR_RETURN(Block block, DecodeBlock(*ref, blocks_->value(), mask_));
  return std::optional<Block>(std::move(block));
}

absl::StatusOr<std::optional<Block>> BlockStore::Reader::NextChosen(RowChooser choose,
                                                                    ColumnMask mask) {
  ASSIGN_OR_RETURN(const std::optional<BlockRef> ref, NextRef());
  if (!ref.has_value()) {
    return std::optional<Block>();
  }
  ASSIGN_OR_RETURN(Block block, DecodeChosen(*ref, blocks_->value(), mask_, choose, mask));
  return std::optional<Block>(std::move(block));
}

}  // namespace itemized
