// SPDX-License-Identifier: Apache-2.0
#include "server/api/ingest_queue.h"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "storage/base/check.h"

namespace itemized::server {
namespace {

constexpr std::chrono::minutes kTellAgain(1);

}  // namespace

IngestQueue::IngestQueue(Submitter submitter, IngestRoom room)
    : submitter_(std::move(submitter)), room_(room), thread_([this] { Loop(); }) {}

IngestQueue::~IngestQueue() {
  {
    MutexLock lock(mutex_);
    CHECK(unanswered_ == 0);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void IngestQueue::Submit(const Principal& /*principal*/, Submission submission, int64_t bytes,
                         Done done) {
  if (submission.parts.empty() && submission.retractions.empty() && submission.notes.empty() &&
      !submission.position.has_value()) {
    return done(SubmissionResult());
  }
  const size_t events = submission.size();
  Entry entry{std::move(submission), events, bytes, std::move(done)};
  bytes_ += bytes;
  {
    MutexLock lock(mutex_);
    ++unanswered_;
    if (handing_over_ || !waiting_.empty() || !Fits(events)) {
      waiting_.push_back(std::move(entry));
      return;
    }
    ++pending_batches_;
    pending_events_ += events;
  }
  HandOver(std::move(entry));
}

void IngestQueue::WaitUntilIdle() {
  MutexLock lock(mutex_);
  while (unanswered_ > 0) {
    changed_.wait(mutex_);
  }
}

absl::Status IngestQueue::CheckRoom(size_t events) const {
  bool has_room = MayRead();
  if (has_room) {
    MutexLock lock(mutex_);
    has_room = waiting_.empty() && Fits(events);
  }
  return has_room ? absl::OkStatus()
                  : absl::ResourceExhaustedError(
                        "Too many events wait to be stored; send these again a little later.");
}

bool IngestQueue::Fits(size_t events) const {
  return pending_batches_ == 0 || pending_events_ + events <= room_.events;
}

// The entry has been counted as pending. The lock is not held: the database
// may answer from within the call.
void IngestQueue::HandOver(Entry entry) {
  submitter_(std::move(entry.submission),
             [this, events = entry.events, bytes = entry.bytes,
              done = std::move(entry.done)](absl::StatusOr<SubmissionResult> result) mutable {
               MutexLock lock(mutex_);
               settled_.push_back({events, bytes, std::move(done), std::move(result)});
               changed_.notify_all();
             });
}

void IngestQueue::HandOverWaiting() {
  while (true) {
    Entry entry;
    {
      MutexLock lock(mutex_);
      handing_over_ = !waiting_.empty() && Fits(waiting_.front().events);
      if (!handing_over_) {
        return;
      }
      entry = std::move(waiting_.front());
      waiting_.pop_front();
      ++pending_batches_;
      pending_events_ += entry.events;
    }
    HandOver(std::move(entry));
  }
}

// An operator hears from the log that the store takes nothing, and that it does again.
void IngestQueue::Tell(const absl::Status& status) {
  const auto now = std::chrono::steady_clock::now();
  if (absl::IsUnavailable(status) && now >= tell_after_) {
    spdlog::error("Events are not taken: {}", std::string(status.message()));
    tell_after_ = now + kTellAgain;
    is_refusing_ = true;
  } else if (status.ok() && std::exchange(is_refusing_, false)) {
    spdlog::info("Events are taken again.");
  }
}

void IngestQueue::Settle(Settled settled) {
  bytes_ -= settled.bytes;
  {
    MutexLock lock(mutex_);
    --pending_batches_;
    pending_events_ -= settled.events;
  }
  settled.done(std::move(settled.result));
  HandOverWaiting();
  MutexLock lock(mutex_);
  --unanswered_;
  changed_.notify_all();
}

void IngestQueue::Loop() {
  while (true) {
    std::vector<Settled> settled;
    {
      MutexLock lock(mutex_);
      while (settled_.empty() && !stopping_) {
        changed_.wait(mutex_);
      }
      if (settled_.empty()) {
        return;
      }
      settled.swap(settled_);
    }
    for (Settled& each : settled) {
      Tell(each.result.status());
      Settle(std::move(each));
    }
  }
}

}  // namespace itemized::server
