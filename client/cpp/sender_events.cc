// What the server says to a sender, and what follows from it.

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cpp/batch_packer.h"
#include "client/cpp/sender.h"
#include "client/cpp/spool/read_batch.h"

namespace itemized::client {

// False if another stream is needed, since the sequence begins anew.
bool Sender::Reconcile(BatchStream& stream, uint64_t last_sequence) {
  {
    MutexLock lock(mutex_);
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
    if (!gap.ahead && gap.replayed == gap.lost) {
      return true;
    }
    broken_ = true;
  }
  stream.Cancel();
  return false;
}

void Sender::OnBroken(const absl::Status& status) {
  MutexLock lock(mutex_);
  broken_ = true;
  parcels_.clear();
  retry_at_ = std::chrono::steady_clock::now() + backoff_.Next();
  if (!absl::IsCancelled(status)) {
    stats_.last_error = std::string(status.message());
  }
  // The first time, it may have been a late stream of the process that had the spool before.
  const bool is_fenced = absl::IsFailedPrecondition(status) && std::exchange(fenced_before_, true);
  if (is_fenced || absl::IsAlreadyExists(status)) {
    if (!std::exchange(renumbered_, true)) {
      Warn(absl::StrCat("The itemized server at ", options_.address,
                        " has heard another sender under the id of this tracer, as after a copy of "
                        "the process or of its spool. This one goes on under another ",
                        is_fenced ? "id" : "epoch", ": ", status.message()));
    }
    is_fenced ? spool_->BeginAnew(NewProducerId()) : spool_->BeginEpoch();
  }
  next_batch_ = spool_->acknowledged() + 1;
  work_.notify_all();
}

void Sender::OnAck(uint64_t sequence, const pb::BatchResult& result) {
  std::vector<RefusedEvent> refused;
  SpooledBatch batch;
  {
    MutexLock lock(mutex_);
    if (parcels_.empty() || parcels_.front().sequence != sequence) {
      // Cancelling ends in OnBroken; then all is sent again.
      return stream_ == nullptr ? void() : stream_->Cancel();
    }
    batch = parcels_.front().batch;
    refused = std::move(parcels_.front().unsendable);
  }
  ReportRefused(refused);
  if (result.refusals_size() > 0) {
    Chunk chunk;
    ReadBatch(batch, &chunk).IgnoreError();  // Was told when it was sent.
    ReportRefused(DescribeRefusals(Pack(chunk).batch, result));
  }
  Settle(result);
}

void Sender::Settle(const pb::BatchResult& result) {
  MutexLock lock(mutex_);
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
  trim_at_ = spool_->Trim(std::chrono::steady_clock::now());
  backoff_.Reset();
  renumbered_ = false;
  settled_.notify_all();
  work_.notify_all();
}

void Sender::ReportRefused(const std::vector<RefusedEvent>& refused) const {
  if (options_.on_refused) {
    for (const RefusedEvent& event : refused) {
      options_.on_refused(event);
    }
  }
}

void Sender::SyncInIntervals() {
  while (WaitForUnsynced()) {
    SyncSpool();
  }
}

// Waits for an interval in which something was recorded. False when it is time to stop.
bool Sender::WaitForUnsynced() {
  MutexLock lock(mutex_);
  while (!stop_ && spool_->Unsynced().empty() && !spool_->open_since().has_value()) {
    work_.wait(mutex_);
  }
  const TimePoint end =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options_.spool_sync_interval);
  while (!stop_ && work_.wait_until(mutex_, end) == std::cv_status::no_timeout) {
  }
  return !stop_;
}

void Sender::SyncSpool() {
  std::vector<std::shared_ptr<Segment>> segments;
  {
    MutexLock lock(mutex_);
    segments = spool_->Unsynced();
  }
  for (const std::shared_ptr<Segment>& segment : segments) {
    if (const absl::Status status = segment->SyncThrough(segment->size()); !status.ok()) {
      MutexLock lock(mutex_);
      Warn(std::string(status.message()));
    }
  }
}

void Sender::Warn(std::string sentence) {
  stats_.last_error = sentence;
  ++stats_.warnings;
  warnings_.push_back(std::move(sentence));
  work_.notify_all();
}

void Sender::TellWarnings() {
  std::deque<std::string> warnings;
  {
    MutexLock lock(mutex_);
    warnings.swap(warnings_);
  }
  for (const std::string& warning : warnings) {
    if (options_.on_warning) {
      options_.on_warning(warning);
    } else {
      std::fprintf(stderr, "itemized: %s\n", warning.c_str());
    }
  }
}

}  // namespace itemized::client
