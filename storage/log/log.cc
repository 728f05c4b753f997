// SPDX-License-Identifier: Apache-2.0
#include "storage/log/log.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// Family::kLog: hour, sequence -> block. Family::kMeta: 'g', first sequence
// of a commit -> the hours of its blocks; 'l' -> the newest sequence
// (storage/FORMAT.md, "Log").
constexpr char kCommitPrefix = 'g';
constexpr char kCommitPrefixEnd = 'h';
constexpr char kLastKey[] = "l";
constexpr char kFirstHourKey[] = "h";

constexpr size_t kDroppedPerStep = 2'000;  // Blocks.

constexpr size_t kSharedCallsMin = 1'000;  // Fewer are encoded before a thread wakes up.

std::string BlockKey(BlockRef ref) {
  std::string key;
  AppendBigEndian32(&key, ref.hour);
  AppendBigEndian64(&key, ref.sequence);
  return key;
}

std::string HourKey(Hour hour) {
  std::string key;
  AppendBigEndian32(&key, hour);
  return key;
}

std::string CommitKey(BlockSequence first) {
  std::string key(1, kCommitPrefix);
  AppendBigEndian64(&key, first);
  return key;
}

absl::Status BadKey() {
  return absl::DataLossError("the store is damaged: a key of the log cannot be read");
}

absl::StatusOr<BlockRef> ParseBlockKey(absl::string_view key) {
  BlockRef ref;
  if (!ReadBigEndian32(&key, &ref.hour) || !ReadBigEndian64(&key, &ref.sequence) || !key.empty()) {
    return BadKey();
  }
  return ref;
}

absl::StatusOr<std::vector<BlockRef>> ParseCommit(absl::string_view key, absl::string_view value) {
  key.remove_prefix(1);
  BlockSequence sequence = 0;
  if (!ReadBigEndian64(&key, &sequence) || !key.empty()) {
    return BadKey();
  }
  std::vector<BlockRef> refs;
  while (!value.empty()) {
    uint32_t hour = 0;
    if (!ReadVarint32(&value, &hour)) {
      return BadKey();
    }
    refs.push_back({hour, sequence++});
  }
  return refs;
}

}  // namespace

absl::StatusOr<Log> Log::Open(Kv* kv) {
  Log log(kv);
  ASSIGN_OR_RETURN(const std::optional<std::string> last, kv->Get(Family::kMeta, kLastKey));
  if (last.has_value()) {
    absl::string_view value = *last;
    if (!ReadVarint(&value, &log.last_) || !value.empty()) {
      return BadKey();
    }
  }
  RETURN_IF_ERROR(log.LoadFirstHour());
  return log;
}

absl::Status Log::LoadFirstHour() {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv_->Get(Family::kMeta, kFirstHourKey));
  if (row.has_value()) {
    absl::string_view value = *row;
    uint32_t dropping = 0;
    if (!ReadVarint32(&value, &first_hour_) || !ReadVarint32(&value, &dropping) || !value.empty()) {
      return BadKey();
    }
    is_dropping_ = dropping != 0;
  }
  return absl::OkStatus();
}

absl::Status Log::SaveFirstHour(Hour hour, bool dropping) const {
  KvBatch batch;
  std::string value;
  AppendVarint(&value, hour);
  AppendVarint(&value, dropping ? 1 : 0);
  batch.Put(Family::kMeta, kFirstHourKey, std::move(value));
  return kv_->Write(batch, /*sync=*/true);
}

absl::StatusOr<bool> Log::DropSome() {
  const std::string end = HourKey(first_hour_);
  RETURN_IF_ERROR(kv_->DropFiles(Family::kLog, HourKey(0), end));
  auto keys = kv_->Scan(Family::kLog, "", end);
  KvBatch batch;
  for (size_t i = 0; i < kDroppedPerStep && keys->Valid(); ++i, keys->Next()) {
    batch.Delete(Family::kLog, std::string(keys->key()));
  }
  RETURN_IF_ERROR(keys->status());
  RETURN_IF_ERROR(kv_->Write(batch, /*sync=*/false));
  return !keys->Valid();
}

// In the order of `blocks`. Two threads share the work: compressing takes long.
std::vector<std::string> Log::Encode(const std::vector<Block>& blocks) {
  std::vector<std::string> encoded(blocks.size());
  std::atomic<size_t> next = 0;
  const auto encode = [&] {
    for (size_t i = next++; i < blocks.size(); i = next++) {
      encoded[i] = EncodeBlock(blocks[i]);
    }
  };
  size_t calls = 0;
  for (const Block& block : blocks) {
    calls += block.calls.size();
  }
  const bool shared = blocks.size() > 1 && calls >= kSharedCallsMin;
  if (shared) {
    encoder_->Start(encode);
  }
  encode();
  if (shared) {
    encoder_->Wait();
  }
  return encoded;
}

absl::Status Log::Append(std::vector<Block>* blocks, KvBatch batch) {
  std::vector<std::string> encoded = Encode(*blocks);
  BlockSequence sequence = last_;
  std::string hours;
  for (size_t i = 0; i < blocks->size(); ++i) {
    Block& block = (*blocks)[i];
    block.ref.sequence = ++sequence;
    AppendVarint(&hours, block.ref.hour);
    batch.Put(Family::kLog, BlockKey(block.ref), std::move(encoded[i]));
  }
  if (!blocks->empty()) {
    std::string last;
    AppendVarint(&last, sequence);
    batch.Put(Family::kMeta, CommitKey(last_ + 1), std::move(hours));
    batch.Put(Family::kMeta, kLastKey, std::move(last));
  }
  RETURN_IF_ERROR(kv_->Write(batch, /*sync=*/true));
  last_ = sequence;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Log::ReadBytes(BlockRef ref) const {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes, kv_->Get(Family::kLog, BlockKey(ref)));
  if (!bytes.has_value()) {
    return absl::DataLossError(absl::StrCat("the store is damaged: block ", ref.sequence,
                                            " of hour ", FormatTime(HourStartUs(ref.hour)),
                                            " is missing from the log"));
  }
  return *std::move(bytes);
}

absl::StatusOr<Block> Log::Read(BlockRef ref, ColumnMask mask) const {
  ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(ref));
  return DecodeBlock(ref, bytes, mask);
}

absl::StatusOr<Block> Log::ReadRows(BlockRef ref, const RunNames& runs) const {
  ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(ref));
  return DecodeRowsOfRuns(ref, bytes, runs);
}

absl::Status Log::Replay(BlockSequence after, BlockTaker take) const {
  BlockSequence expected = after + 1;
  auto commits = kv_->Scan(Family::kMeta, CommitKey(0), std::string(1, kCommitPrefixEnd));
  for (; commits->Valid(); commits->Next()) {
    ASSIGN_OR_RETURN(const std::vector<BlockRef> refs,
                     ParseCommit(commits->key(), commits->value()));
    for (const BlockRef& ref : refs) {
      if (ref.sequence <= after) {
        continue;
      }
      if (ref.sequence != expected++) {
        return absl::DataLossError(
            absl::StrCat("the store is damaged: block ", expected - 1, " of the log is missing"));
      }
      ASSIGN_OR_RETURN(Block block, Read(ref));
      RETURN_IF_ERROR(take(std::move(block)));
    }
  }
  RETURN_IF_ERROR(commits->status());
  if (expected != last_ + 1) {
    return absl::DataLossError(absl::StrCat("the store is damaged: the log ends at block ",
                                            expected - 1, " instead of ", last_));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BlockRef>> Log::List(BlockSequence up_to) const {
  std::vector<BlockRef> refs;
  auto keys = kv_->Scan(Family::kLog, "", "");
  for (; keys->Valid(); keys->Next()) {
    ASSIGN_OR_RETURN(const BlockRef ref, ParseBlockKey(keys->key()));
    if (ref.sequence <= up_to) {
      refs.push_back(ref);
    }
  }
  RETURN_IF_ERROR(keys->status());
  std::sort(refs.begin(), refs.end(),
            [](const BlockRef& a, const BlockRef& b) { return a.sequence < b.sequence; });
  return refs;
}

absl::Status Log::ReadHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask,
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

absl::Status Log::ReadRowsOfHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask,
                                  RowChooser choose, BlockVisitor visit) const {
  ASSIGN_OR_RETURN(Reader reader, OpenHours(from, to, up_to, mask));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<BlockRef> ref, reader.NextRef());
    if (!ref.has_value()) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Block block, DecodeChosen(*ref, reader.blocks_->value(), mask, choose));
    RETURN_IF_ERROR(visit(block));
  }
}

absl::StatusOr<Log::Reader> Log::OpenHours(Hour from, Hour to, BlockSequence up_to,
                                           ColumnMask mask) const {
  if (from < std::min(to, first_hour_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("single calls before ", FormatTime(HourStartUs(first_hour_)),
                     " are no longer kept; from days before it only whole UTC days can be "
                     "asked for, and not by attribute"));
  }
  return Reader(kv_->Scan(Family::kLog, HourKey(from), HourKey(to)), up_to, mask);
}

absl::StatusOr<std::optional<BlockRef>> Log::Reader::NextRef() {
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

absl::StatusOr<std::optional<Block>> Log::Reader::Next() {
  ASSIGN_OR_RETURN(const std::optional<BlockRef> ref, NextRef());
  if (!ref.has_value()) {
    return std::optional<Block>();
  }
  ASSIGN_OR_RETURN(Block block, DecodeBlock(*ref, blocks_->value(), mask_));
  return std::optional<Block>(std::move(block));
}

absl::Status Log::Trim(BlockSequence up_to, KvBatch* batch) {
  auto commits = kv_->Scan(Family::kMeta, CommitKey(first_commit_), CommitKey(up_to + 1));
  for (; commits->Valid(); commits->Next()) {
    ASSIGN_OR_RETURN(const std::vector<BlockRef> refs,
                     ParseCommit(commits->key(), commits->value()));
    if (refs.empty()) {
      return BadKey();
    }
    if (refs.back().sequence > up_to) {
      break;  // Its later blocks are still to be replayed.
    }
    batch->Delete(Family::kMeta, std::string(commits->key()));
    first_commit_ = refs.back().sequence + 1;
  }
  return commits->status();
}

}  // namespace itemized
