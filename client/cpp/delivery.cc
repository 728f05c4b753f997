// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/delivery.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "client/cpp/spool/read_batch.h"

namespace itemized::client {

namespace pb = itemized::v1;

pb::Batch PackParcel(Parcel* parcel, absl::Status* problem) {
  if (parcel->batch.segment != nullptr) {
    // What the server has seen under a sequence must not change in a power cut.
    problem->Update(parcel->batch.segment->SyncThrough(parcel->batch.end));
  }
  Chunk chunk;
  problem->Update(ReadBatch(parcel->batch, &chunk));
  PackedBatch packed = Pack(chunk);
  parcel->unsendable = std::move(packed.refused);
  parcel->unsent = parcel->batch.records - chunk.calls.size() - chunk.completions.size() +
                   parcel->unsendable.size();
  return std::move(packed.batch);
}

Delivery::Delivery(Options options, Backoff backoff, std::unique_ptr<Spool> spool)
    : options_(std::move(options)),
      backoff_(backoff),
      spool_(std::move(spool)),
      next_batch_(spool_->acknowledged() + 1),
      flush_through_(spool_->next_record()) {
  stats_.recovered = spool_->unsettled_records();
}

bool Delivery::Append(RecordType type, absl::string_view payload) {
  const absl::StatusOr<bool> taken = spool_->Append(type, payload);
  ++(taken.ok() ? stats_.recorded : stats_.dropped);
  if (!taken.ok() && !dropping_) {
    Warn(std::string(taken.status().message()));
  }
  const bool is_awaited = taken.ok() ? *taken : !dropping_;
  dropping_ = !taken.ok();
  return is_awaited;
}

void Delivery::CountDropped(absl::string_view why) {
  ++stats_.dropped;
  stats_.last_error.assign(why.data(), why.size());
}

void Delivery::CountCorrected(Correction correction) {
  ++stats_.corrected;
  if (corrected_before_.insert(correction.of).second) {
    Warn(std::move(correction.sentence));
  }
}

void Delivery::WarnOfRefused(const RefusedEvent& event) {
  if (!std::exchange(refused_before_, true)) {
    Warn(absl::StrCat("An event of run ", event.workflow_id,
                      event.step.empty() ? "" : absl::StrCat(", step ", event.step),
                      " was not stored: ", event.message,
                      " Set on_refused to hear of all such events."));
  }
}

uint64_t Delivery::RequestFlush() {
  const uint64_t target = spool_->next_record();
  flush_through_ = std::max(flush_through_, target);
  retry_at_ = TimePoint();  // Somebody waits: try now whatever the backoff says.
  return target;
}

bool Delivery::HasRoomInWindow() const {
  return spool_->newest() < spool_->acknowledged() + options_.window;
}

bool Delivery::CanSend(TimePoint now) const {
  return now >= retry_at_ && next_batch_ <= spool_->newest() && parcels_.size() < options_.window;
}

// Whether the open batch is to be completed before it is full.
bool Delivery::CanCut(TimePoint now) const {
  return now >= retry_at_ && HasRoomInWindow() && spool_->open_since().has_value() &&
         (spool_->open_first_record() < flush_through_ ||
          now >= *spool_->open_since() + options_.batch_age_max);
}

bool Delivery::HasWork(TimePoint now) const {
  return CanSend(now) || CanCut(now) || now >= trim_at_ || !warnings_.empty();
}

Delivery::TimePoint Delivery::NextWake(TimePoint now) const {
  if (now < retry_at_) {
    return std::min(retry_at_, trim_at_);
  }
  if (HasRoomInWindow() && spool_->open_since().has_value()) {
    return std::min(*spool_->open_since() + options_.batch_age_max, trim_at_);
  }
  return std::min(now + std::chrono::hours(1), trim_at_);
}

void Delivery::CutAndTrim(TimePoint now) {
  if (CanCut(now)) {
    spool_->Cut();
  }
  trim_at_ = spool_->Trim(now);
  if (const absl::Status error = spool_->TakeError(); !error.ok()) {
    Warn(std::string(error.message()));
  }
}

Producer Delivery::BeginStream() {
  stats_.reconnects += streamed_before_ ? 1 : 0;
  streamed_before_ = true;
  is_streaming_ = true;
  return spool_->producer();
}

bool Delivery::Welcome(uint64_t last_sequence) {
  const Spool::Gap gap = spool_->Reconcile(last_sequence);
  next_batch_ = spool_->acknowledged() + 1;
  if (gap.lost == 0 && !gap.ahead) {
    return true;
  }
  stats_.lost_batches += gap.lost;
  Warn(gap.ahead
           ? absl::StrCat("The itemized server at ", options_.address,
                          " holds more batches of this tracer than its spool knows of: the spool "
                          "is an older copy, or in use elsewhere. It goes on in another epoch.")
           : absl::StrCat("The itemized server at ", options_.address, " has lost ", gap.lost,
                          " batches that it had acknowledged; ", gap.replayed,
                          " of them are still here and are sent again."));
  is_streaming_ = !gap.ahead && gap.replayed == gap.lost;
  return is_streaming_;
}

void Delivery::EndStream(const absl::Status& status, TimePoint now) {
  is_streaming_ = false;
  parcels_.clear();
  retry_at_ = now + backoff_.Next();
  if (!absl::IsCancelled(status)) {
    stats_.last_error = std::string(status.message());
  }
  // The first such error may be of a late stream of the process that had the spool before.
  const bool is_fenced = absl::IsFailedPrecondition(status) && std::exchange(fenced_before_, true);
  if (is_fenced || absl::IsAlreadyExists(status)) {
    if (!std::exchange(renumbered_, true)) {
      Warn(absl::StrCat("The itemized server at ", options_.address,
                        " has heard another sender under the id of this tracer, as after a copy of "
                        "the process or of its spool. This one goes on under another ",
                        is_fenced ? "id" : "epoch", ". ", status.message()));
    }
    is_fenced ? spool_->BeginAnew(NewProducerId()) : spool_->BeginEpoch();
  }
  next_batch_ = spool_->acknowledged() + 1;
}

std::optional<Parcel> Delivery::Next() const {
  if (!is_streaming_ || next_batch_ > spool_->newest()) {
    return std::nullopt;
  }
  return Parcel{.sequence = spool_->SequenceOf(next_batch_),
                .batch = spool_->batch(next_batch_),
                .unsendable = {}};
}

bool Delivery::Dispatch(Parcel parcel) {
  if (!is_streaming_) {
    return false;
  }
  stats_.sent += parcel.batch.records - parcel.unsent;
  parcels_.push_back(std::move(parcel));
  ++next_batch_;
  return true;
}

Parcel* Delivery::Awaited(uint64_t sequence) {
  return parcels_.empty() || parcels_.front().sequence != sequence ? nullptr : &parcels_.front();
}

void Delivery::Settle(const pb::BatchResult& result, TimePoint now) {
  if (parcels_.empty()) {
    return;
  }
  const Parcel parcel = std::move(parcels_.front());
  parcels_.pop_front();
  const size_t sent = parcel.batch.records - parcel.unsent;
  const auto count = [&](int64_t events) {
    return static_cast<uint64_t>(std::clamp<int64_t>(events, 0, static_cast<int64_t>(sent)));
  };
  if (spool_->Acknowledge()) {
    stats_.refused += parcel.unsent + count(result.refused());
    stats_.acknowledged += sent - count(result.refused());
    stats_.duplicate += count(result.duplicate());
  }
  trim_at_ = spool_->Trim(now);
  backoff_.Reset();
  renumbered_ = false;
}

void Delivery::Warn(std::string sentence) {
  stats_.last_error = sentence;
  ++stats_.warnings;
  warnings_.push_back(std::move(sentence));
}

TracerStats Delivery::Stats() const {
  TracerStats stats = stats_;
  stats.queued = spool_->unsettled_records();
  return stats;
}

}  // namespace itemized::client
