// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/recovery.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cpp/spool/files.h"
#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"

namespace itemized::client {

namespace {

namespace fs = std::filesystem;

constexpr char kDamagedSuffix[] = ".damaged";

absl::Status FileError(const char* what, const std::string& path, const std::error_code& error) {
  return absl::UnavailableError(
      absl::StrCat("Cannot ", what, " ", path, ": ", error.message(), "."));
}

// How many batches may be missing in a spool. An empty batch takes the place of each.
constexpr uint64_t kLostBatchesMax = 1'000'000;

// The number of a segment from its file name; 0 if a spool gives no such name.
uint64_t NumberOf(const std::string& name) {
  uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return name == SegmentName(number) ? number : 0;
}

absl::Status NotOfThisSpool(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat("The file ", path, " does not belong to this spool; move it away."));
}

bool ReadNumber(absl::string_view payload, uint64_t* number) {
  return ReadVarint(&payload, number) && payload.empty();
}

}  // namespace

absl::Status SpoolRecovery::Run() {
  const std::string& directory = spool_.options_.directory;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return FileError("create", directory, error);
  }
  ASSIGN_OR_RETURN(spool_.lock_, SpoolLock::Take(directory));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> numbers, ListSegments());
  std::vector<Found> found = OpenSegments(numbers);
  for (Found& each : found) {
    RETURN_IF_ERROR(ReadSegment(&each, &each == &found.back()));
  }
  RETURN_IF_ERROR(Conclude());
  return spool_.Rotate(0);
}

// The numbers rise.
absl::StatusOr<std::vector<uint64_t>> SpoolRecovery::ListSegments() {
  const std::string& directory = spool_.options_.directory;
  std::vector<uint64_t> numbers;
  std::error_code error;
  fs::directory_iterator files(directory, error);
  for (; !error && files != fs::directory_iterator(); files.increment(error)) {
    if (const uint64_t number = NumberOf(files->path().filename().string()); number > 0) {
      numbers.push_back(number);
    }
  }
  if (error) {
    return FileError("list", directory, error);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// Leaves out what is no segment and only has the name of one.
std::vector<SpoolRecovery::Found> SpoolRecovery::OpenSegments(
    const std::vector<uint64_t>& numbers) {
  std::vector<Found> found;
  for (const uint64_t number : numbers) {
    absl::StatusOr<std::shared_ptr<Segment>> segment = Segment::Open(spool_.PathOf(number), number);
    if (absl::IsInvalidArgument(segment.status())) {
      notes_.emplace_back(segment.status().message());
      // Should it lie where a segment was, no sequence is used for anything else again.
      damaged_ = true;
      front_lost_ = front_lost_ || found.empty();
    } else {
      spool_.next_segment_ = number + 1;
      found.push_back({.number = number, .segment = std::move(segment)});
    }
  }
  return found;
}

absl::Status SpoolRecovery::ReadSegment(Found* found, bool is_last) {
  absl::StatusOr<std::shared_ptr<Segment>>& segment = found->segment;
  if (segment.ok()) {
    return Adopt(*std::move(segment), is_last);
  }
  if (!absl::IsDataLoss(segment.status())) {
    return segment.status();
  }
  const std::string path = spool_.PathOf(found->number);
  const std::string aside = FreeName(path + kDamagedSuffix);
  damaged_ = true;
  front_lost_ = front_lost_ || is_first_;
  notes_.push_back(absl::StrCat(segment.status().message(),
                                " What it held is lost to the spool; the file is kept as ", aside,
                                "."));
  std::error_code error;
  fs::rename(path, aside, error);
  return error ? FileError("rename", path, error) : absl::OkStatus();
}

absl::Status SpoolRecovery::Adopt(std::shared_ptr<Segment> segment, bool is_last) {
  const SegmentHeader& header = segment->header();
  if (std::exchange(is_first_, false)) {
    spool_.first_ = header.first_batch;
  }
  if (header.first_batch <= spool_.newest() ||
      header.first_batch - spool_.newest() > kLostBatchesMax) {
    return NotOfThisSpool(segment->path());
  }
  AddLostBatches(header.first_batch);
  spool_.id_ = header.producer_id;
  spool_.epoch_ = header.epoch;
  spool_.base_ = header.base;
  spool_.acknowledged_ = header.acknowledged;
  const size_t end = ReadRecords(segment);
  RETURN_IF_ERROR(Finish(segment.get(), end, is_last));
  spool_.segments_.push_back({.segment = std::move(segment), .last_batch = spool_.newest()});
  return absl::OkStatus();
}

// Empty batches stand for those that are missing before `first_batch`, so that
// sequences have no gap.
void SpoolRecovery::AddLostBatches(uint64_t first_batch) {
  const uint64_t lost = first_batch - spool_.newest() - 1;
  if (lost == 0) {
    return;
  }
  damaged_ = true;
  notes_.push_back(absl::StrCat("The spool ", spool_.options_.directory, " has lost ", lost,
                                " batches of records before batch ", first_batch, "."));
  for (uint64_t i = 0; i < lost; ++i) {
    spool_.batches_.push_back({.first_record = spool_.next_record_});
  }
}

// Returns where the last good record ends.
size_t SpoolRecovery::ReadRecords(const std::shared_ptr<Segment>& segment) {
  size_t offset = segment->first_record();
  SpooledBatch open;
  while (const std::optional<Segment::Record> record = segment->At(offset)) {
    if (record->type == RecordType::kCall || record->type == RecordType::kCompletion) {
      if (open.records++ == 0) {
        open.segment = segment;
        open.begin = offset;
        open.first_record = spool_.next_record_;
      }
      open.bytes += record->payload.size();
      ++spool_.next_record_;
    } else if (!ReadMark(*record, &open)) {
      break;
    }
    offset = record->end;
  }
  if (open.records > 0) {  // The end of a segment ends a batch.
    open.end = offset;
    spool_.batches_.push_back(open);
  }
  return offset;
}

bool SpoolRecovery::ReadMark(const Segment::Record& record, SpooledBatch* open) {
  uint64_t number = 0;
  if (!ReadNumber(record.payload, &number)) {
    return false;
  }
  switch (record.type) {
    case RecordType::kCut:
      if (number != spool_.newest() + 1 || open->records == 0) {
        return false;
      }
      open->end = record.end;
      spool_.batches_.push_back(std::exchange(*open, SpooledBatch()));
      return true;
    case RecordType::kAcknowledged:
      if (number > spool_.newest()) {
        return false;
      }
      spool_.acknowledged_ = number;
      return true;
    default:
      return false;
  }
}

// Sees to what is in the file beyond `end`.
absl::Status SpoolRecovery::Finish(Segment* segment, size_t end, bool is_last) {
  const size_t rest = segment->size() - std::min(end, segment->size());
  if (rest > 0 && !segment->IsBlankFrom(end)) {
    if (!is_last || segment->HasRecordsBeyond(end)) {
      const std::string aside = FreeName(segment->path() + kDamagedSuffix);
      damaged_ = true;
      notes_.push_back(absl::StrCat(
          segment->path(), " is damaged ", end, " bytes from its start: what follows, ", rest,
          " bytes, is lost to the spool. The file is kept as ", aside, "."));
      return segment->SetAside(end, aside);
    }
    notes_.push_back(absl::StrCat(segment->path(),
                                  " ends in the middle of a record, as after a crash or a power "
                                  "cut: that record was cut off."));
  }
  RETURN_IF_ERROR(segment->Truncate(end));
  return segment->SyncThrough(end);
}

absl::Status SpoolRecovery::Conclude() {
  if (!front_lost_) {  // What is removed was acknowledged.
    spool_.acknowledged_ = std::max(spool_.acknowledged_, spool_.first_ - 1);
  }
  if (spool_.first_ > spool_.acknowledged_ + kLostBatchesMax) {
    return NotOfThisSpool(spool_.segments_.front().segment->path());
  }
  while (spool_.first_ > spool_.acknowledged_ + 1) {
    spool_.batches_.emplace_front();
    --spool_.first_;
  }
  if (damaged_) {
    ++spool_.epoch_;
    spool_.base_ = spool_.acknowledged_;
  }
  spool_.settled_ = spool_.acknowledged_;
  for (uint64_t number = spool_.acknowledged_ + 1; number <= spool_.newest(); ++number) {
    spool_.unsettled_records_ += spool_.batch(number).records;
    spool_.unsettled_bytes_ += spool_.batch(number).bytes;
  }
  for (Spool::Kept& kept : spool_.segments_) {
    if (kept.last_batch <= spool_.acknowledged_) {
      std::error_code error;
      const auto written = fs::last_write_time(kept.segment->path(), error);
      const auto age =
          error ? fs::file_time_type::duration::zero() : fs::file_time_type::clock::now() - written;
      kept.settled_at = spool_.options_.now() -
                        std::chrono::duration_cast<std::chrono::steady_clock::duration>(age);
    }
  }
  return absl::OkStatus();
}

}  // namespace itemized::client
