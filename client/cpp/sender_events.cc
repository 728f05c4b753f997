// SPDX-License-Identifier: Apache-2.0
// What happens to a sender: the server answers, a stream breaks, time passes for its
// spool, there is something to tell.

#include <cstdio>
#include <deque>
#include <utility>

#include "client/cpp/sender.h"
#include "client/cpp/spool/read_batch.h"

namespace itemized::client {

void Sender::OnBroken(const absl::Status& status) {
  MutexLock lock(mutex_);
  delivery_->EndStream(status, std::chrono::steady_clock::now());
  work_.notify_all();
}

void Sender::OnAck(uint64_t sequence, const pb::BatchResult& result) {
  std::vector<RefusedEvent> refused;
  SpooledBatch batch;
  {
    MutexLock lock(mutex_);
    Parcel* const parcel = delivery_->Awaited(sequence);
    if (parcel == nullptr) {
      // Cancelling ends in OnBroken; then all is sent again.
      return stream_ == nullptr ? void() : stream_->Cancel();
    }
    batch = parcel->batch;
    refused = std::move(parcel->unsendable);
  }
  ReportRefused(refused);
  if (result.refusals_size() > 0) {
    Chunk chunk;
    ReadBatch(batch, &chunk).IgnoreError();  // Was told when it was sent.
    ReportRefused(DescribeRefusals(Pack(chunk).batch, result));
  }
  MutexLock lock(mutex_);
  delivery_->Settle(result, std::chrono::steady_clock::now());
  settled_.notify_all();
  work_.notify_all();
}

void Sender::ReportRefused(const std::vector<RefusedEvent>& refused) {
  if (options_.on_refused) {
    for (const RefusedEvent& event : refused) {
      options_.on_refused(event);
    }
  } else if (!refused.empty()) {
    MutexLock lock(mutex_);
    delivery_->WarnOfRefused(refused.front());
    work_.notify_all();
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
  while (!stop_ && delivery_->spool().Unsynced().empty() &&
         !delivery_->spool().open_since().has_value()) {
    work_.wait(mutex_);
  }
  const auto end =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options_.spool_sync_interval);
  while (!stop_ && work_.wait_until(mutex_, end) == std::cv_status::no_timeout) {
  }
  return !stop_;
}

void Sender::SyncSpool() {
  std::vector<std::shared_ptr<Segment>> segments;
  {
    MutexLock lock(mutex_);
    segments = delivery_->spool().Unsynced();
  }
  for (const std::shared_ptr<Segment>& segment : segments) {
    if (const absl::Status status = segment->SyncThrough(segment->size()); !status.ok()) {
      Warn(std::string(status.message()));
    }
  }
}

void Sender::Warn(std::string sentence) {
  MutexLock lock(mutex_);
  delivery_->Warn(std::move(sentence));
  work_.notify_all();
}

void Sender::TellWarnings() {
  std::deque<std::string> warnings;
  {
    MutexLock lock(mutex_);
    warnings = delivery_->TakeWarnings();
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
