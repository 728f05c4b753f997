// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "absl/status/statusor.h"

#include "server/api/ingest_queue.h"
#include "storage/base/check.h"
#include "storage/base/mutex.h"

namespace itemized::server {

// Stands in for the database behind an IngestQueue: keeps what is submitted
// until the test settles it. Thread-safe.
class FakeStore {
 public:
  IngestQueue::Submitter Submitter() {
    return [this](Submission batch, SubmitDone done) {
      MutexLock lock(mutex_);
      submissions_.push_back({std::move(batch), std::move(done)});
      ++submitted_;
      changed_.notify_all();
    };
  }

  // Waits until `count` batches have been submitted in all.
  void AwaitSubmitted(size_t count) {
    MutexLock lock(mutex_);
    while (submitted_ < count) {
      changed_.wait(mutex_);
    }
  }

  size_t submitted() const {
    MutexLock lock(mutex_);
    return submitted_;
  }

  // Both accept all events of a batch, the oldest one or the newest.
  void Accept() { Settle(Take(true)); }
  void AcceptNewest() { Settle(Take(false)); }
  void Fail(absl::Status error) { Take(true).done(std::move(error)); }

 private:
  struct Pending {
    Submission batch;
    SubmitDone done;
  };

  static void Settle(Pending submission) {
    SubmissionResult result;
    for (const EventBatch& part : submission.batch.parts) {
      result.emplace_back().accepted = static_cast<int64_t>(part.size());
    }
    submission.done(std::move(result));
  }

  Pending Take(bool oldest) {
    MutexLock lock(mutex_);
    CHECK(!submissions_.empty());
    Pending taken = std::move(oldest ? submissions_.front() : submissions_.back());
    oldest ? submissions_.pop_front() : submissions_.pop_back();
    return taken;
  }

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Pending> submissions_ ABSL_GUARDED_BY(mutex_);
  size_t submitted_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace itemized::server
