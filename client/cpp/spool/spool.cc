// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/spool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cpp/spool/recovery.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::client {

namespace {

// Kept free in a segment, so that the open batch can always be completed in it.
constexpr size_t kMarkRoom = 32;

// How long the next attempt waits if the disk had no room for a segment.
constexpr std::chrono::seconds kRotatePause(1);

std::string Number(uint64_t value) {
  std::string out;
  AppendVarint(&out, value);
  return out;
}

}  // namespace

std::string SegmentName(uint64_t number) {
  return absl::StrCat(absl::Dec(number, absl::kZeroPad10), kSegmentSuffix);
}

Spool::Spool(SpoolOptions options) : options_(std::move(options)), id_(NewProducerId()) {
  if (options_.directory.empty()) {
    CHECK_OK(Rotate(0));
  }
}

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(SpoolOptions options,
                                                   std::vector<std::string>* notes) {
  CHECK(!options.directory.empty());
  auto spool = std::make_unique<Spool>(std::move(options));
  RETURN_IF_ERROR(SpoolRecovery(spool.get(), notes).Run());
  return spool;
}

std::string Spool::PathOf(uint64_t segment_number) const {
  return options_.directory.empty()
             ? ""
             : absl::StrCat(options_.directory, "/", SegmentName(segment_number));
}

absl::Status Spool::CheckLimits(size_t payload_size) const {
  if (unsettled_records_ >= options_.records_max ||
      unsettled_bytes_ + payload_size > options_.record_bytes_max) {
    return absl::ResourceExhaustedError(
        "Too many records wait for the itemized server; further ones are dropped.");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Spool::Append(RecordType type, absl::string_view payload) {
  RETURN_IF_ERROR(CheckLimits(payload.size()));
  const uint64_t newest_before = newest();
  if (open_.bytes + payload.size() > options_.batch_bytes) {
    Cut();
  }
  if (!segments_.back().segment->HasRoom(payload.size() + kMarkRoom)) {
    RETURN_IF_ERROR(Rotate(payload.size()));
  }
  const std::shared_ptr<Segment>& segment = segments_.back().segment;
  const bool opens = open_.records == 0;
  if (opens) {
    open_ = {.segment = segment, .begin = segment->size(), .first_record = next_record_};
    open_since_ = options_.now();
  }
  segment->Append(type, payload);
  ++open_.records;
  open_.bytes += payload.size();
  ++next_record_;
  ++unsettled_records_;
  unsettled_bytes_ += payload.size();
  if (open_.records >= options_.batch_records || open_.bytes >= options_.batch_bytes) {
    Cut();
  }
  return opens || newest() != newest_before;
}

void Spool::Cut() {
  if (open_.records == 0) {
    return;
  }
  Segment& segment = *segments_.back().segment;
  segment.Append(RecordType::kCut, Number(newest() + 1));
  open_.end = segment.size();
  batches_.push_back(std::exchange(open_, SpooledBatch()));
  open_since_.reset();
}

absl::Status Spool::Rotate(size_t payload_size) {
  const TimePoint now = options_.now();
  const size_t bytes =
      std::max(options_.segment_bytes,
               Segment::kHeaderBytesMax + Segment::BytesOf(payload_size + kMarkRoom));
  if (now < rotate_again_at_) {
    return absl::ResourceExhaustedError("The disk of the spool has no room.");
  }
  while (TotalBytes() + bytes > options_.bytes_max && RemoveFront()) {
  }
  if (TotalBytes() + bytes > options_.bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "The spool ", options_.directory, " is full (", options_.bytes_max,
        " bytes); records are dropped until the itemized server takes what is in it."));
  }
  Cut();
  absl::StatusOr<std::shared_ptr<Segment>> segment = CreateNext(bytes);
  while (absl::IsAlreadyExists(segment.status())) {  // Something that is not ours.
    ++next_segment_;
    segment = CreateNext(bytes);
  }
  if (!segment.ok()) {
    rotate_again_at_ = now + kRotatePause;
    return segment.status();
  }
  if (!segments_.empty()) {
    segments_.back().last_batch = newest();
    Note(segments_.back().segment->Seal());
  }
  ++next_segment_;
  segments_.push_back({.segment = *std::move(segment)});
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Segment>> Spool::CreateNext(size_t bytes) const {
  return Segment::Create(PathOf(next_segment_),
                         {.number = next_segment_,
                          .producer_id = id_,
                          .epoch = epoch_,
                          .base = base_,
                          .first_batch = newest() + 1,
                          .acknowledged = acknowledged_},
                         bytes);
}

uint64_t Spool::TotalBytes() const {
  uint64_t bytes = 0;
  for (const Kept& kept : segments_) {
    const bool is_last = &kept == &segments_.back();
    bytes += is_last ? kept.segment->capacity() : kept.segment->size();
  }
  return bytes;
}

// False if the oldest segment is still needed.
bool Spool::RemoveFront() {
  if (segments_.size() < 2 || segments_.front().last_batch > acknowledged_) {
    return false;
  }
  const Kept& front = segments_.front();
  Note(front.segment->Remove());
  while (first_ <= front.last_batch) {
    batches_.pop_front();
    ++first_;
  }
  segments_.pop_front();
  return true;
}

Spool::TimePoint Spool::Trim(TimePoint now) {
  const auto age = absl::ToChronoNanoseconds(options_.retain_age);
  uint64_t bytes = 0;
  for (Kept& kept : segments_) {
    if (&kept == &segments_.back() || kept.last_batch > acknowledged_) {
      break;
    }
    kept.settled_at = kept.settled_at.value_or(now);
    bytes += kept.segment->size();
  }
  while (segments_.front().settled_at.has_value() &&
         (bytes > options_.retain_bytes || now - *segments_.front().settled_at >= age)) {
    bytes -= segments_.front().segment->size();
    if (!RemoveFront()) {  // It is to be sent again.
      segments_.front().settled_at.reset();
    }
  }
  const std::optional<TimePoint>& settled_at = segments_.front().settled_at;
  return settled_at.has_value() ? *settled_at + age : TimePoint::max();
}

uint64_t Spool::settled_through() const {
  return acknowledged_ < newest() ? batch(acknowledged_ + 1).first_record : open_first_record();
}

bool Spool::Acknowledge() {
  CHECK(acknowledged_ < newest());
  const SpooledBatch& settled = batch(++acknowledged_);
  Segment& segment = *segments_.back().segment;
  // If there is no room for it, the header of the next segment will say it.
  if (const std::string number = Number(acknowledged_);
      segment.HasRoom(number.size() + kMarkRoom)) {
    segment.Append(RecordType::kAcknowledged, number);
  }
  if (acknowledged_ <= settled_) {
    return false;
  }
  settled_ = acknowledged_;
  unsettled_records_ -= settled.records;
  unsettled_bytes_ -= settled.bytes;
  return true;
}

Producer Spool::producer() const {
  return {.id = id_, .epoch = epoch_, .acknowledged_sequence = SequenceOf(acknowledged_)};
}

Spool::Gap Spool::Reconcile(uint64_t last_sequence) {
  if (last_sequence > SequenceOf(newest())) {
    BeginEpoch();
    return {.ahead = true};
  }
  const uint64_t last_held = base_ + last_sequence;
  if (last_held >= acknowledged_) {
    return {};
  }
  const uint64_t replay_after = std::max(last_held, first_ - 1);
  const Gap gap = {.lost = acknowledged_ - last_held, .replayed = acknowledged_ - replay_after};
  acknowledged_ = replay_after;
  if (gap.replayed < gap.lost) {
    BeginEpoch();
  }
  return gap;
}

void Spool::BeginAnew(std::string id) {
  Restart(std::move(id), 1);
}

void Spool::BeginEpoch() {
  Restart(id_, epoch_ + 1);
}

// Should the new segment fail, the old sequence goes on after a restart, and the
// server tells it apart once more.
void Spool::Restart(std::string id, uint64_t epoch) {
  id_ = std::move(id);
  epoch_ = epoch;
  base_ = acknowledged_;
  Note(Rotate(0));
}

std::vector<std::shared_ptr<Segment>> Spool::Unsynced() const {
  std::vector<std::shared_ptr<Segment>> unsynced;
  for (auto kept = segments_.rbegin(); kept != segments_.rend(); ++kept) {
    if (kept->segment->is_synced()) {
      break;
    }
    unsynced.push_back(kept->segment);
  }
  std::reverse(unsynced.begin(), unsynced.end());
  return unsynced;
}

void Spool::Note(absl::Status status) {
  error_.Update(std::move(status));
}

}  // namespace itemized::client
