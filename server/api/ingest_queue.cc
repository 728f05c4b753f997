// SPDX-License-Identifier: Apache-2.0
#include "server/api/ingest_queue.h"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "storage/base/check.h"

namespace itemized::server {
namespace {

constexpr std::chrono::minutes kTellAgain(1);

itemized::v1::BatchResult AnswerOf(const DecodedBatch& batch, const SubmissionResult& result) {
  itemized::v1::BatchResult answer = StartResult(batch);
  for (size_t i = 0; i < batch.parts.size(); ++i) {
    AddPartResult(batch.parts[i], result[i], answer);
  }
  FinishResult(answer);
  return answer;
}

}  // namespace

IngestQueue::IngestQueue(Submitter submitter, size_t pending_events_max)
    : submitter_(std::move(submitter)),
      pending_events_max_(pending_events_max),
      thread_([this] { Run(); }) {}

IngestQueue::~IngestQueue() {
  {
    MutexLock lock(mutex_);
    CHECK(unanswered_ == 0);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void IngestQueue::Submit(DecodedBatch batch, std::optional<BatchPosition> position,
                         Answered answered) {
  if (batch.parts.empty() && !position.has_value()) {
    itemized::v1::BatchResult answer = StartResult(batch);
    FinishResult(answer);
    return answered(std::move(answer));
  }
  Entry entry{std::move(batch), position, std::move(answered)};
  {
    MutexLock lock(mutex_);
    ++unanswered_;
    if (handing_over_ || !waiting_.empty() || !Fits(entry.batch.events)) {
      waiting_.push_back(std::move(entry));
      return;
    }
    ++pending_batches_;
    pending_events_ += entry.batch.events;
  }
  HandOver(std::move(entry));
}

void IngestQueue::WaitUntilIdle() {
  MutexLock lock(mutex_);
  while (unanswered_ > 0) {
    changed_.wait(mutex_);
  }
}

bool IngestQueue::HasRoom(size_t events) const {
  MutexLock lock(mutex_);
  return waiting_.empty() && Fits(events);
}

bool IngestQueue::Fits(size_t events) const {
  return pending_batches_ == 0 || pending_events_ + events <= pending_events_max_;
}

// The entry has been counted as pending. The lock is not held: the database
// may answer from within the call.
void IngestQueue::HandOver(Entry entry) {
  Submission submission = entry.batch.ToSubmission();
  submission.position = entry.position;
  submitter_(std::move(submission),
             [this, entry = std::move(entry)](absl::StatusOr<SubmissionResult> result) mutable {
               MutexLock lock(mutex_);
               settled_.push_back({std::move(entry), std::move(result)});
               changed_.notify_all();
             });
}

void IngestQueue::HandOverWaiting() {
  while (true) {
    Entry entry;
    {
      MutexLock lock(mutex_);
      handing_over_ = !waiting_.empty() && Fits(waiting_.front().batch.events);
      if (!handing_over_) {
        return;
      }
      entry = std::move(waiting_.front());
      waiting_.pop_front();
      ++pending_batches_;
      pending_events_ += entry.batch.events;
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
  {
    MutexLock lock(mutex_);
    --pending_batches_;
    pending_events_ -= settled.entry.batch.events;
  }
  const Entry& entry = settled.entry;
  if (settled.result.ok()) {
    entry.answered(AnswerOf(entry.batch, *settled.result));
  } else {
    entry.answered(settled.result.status());
  }
  HandOverWaiting();
  MutexLock lock(mutex_);
  --unanswered_;
  changed_.notify_all();
}

void IngestQueue::Run() {
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
