// SPDX-License-Identifier: Apache-2.0
#pragma once

// The queue brings events from the senders of all protocols to the database. It alone decides
// whether the server has room for more of them: senders that can wait are held back, those that
// cannot are refused. Results come home on a thread of the queue's own, so that the committer
// never waits for a socket.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/api/principal.h"
#include "server/api/usage_report_log.h"
#include "storage/base/mutex.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Says how much of all senders together may be read and not yet stored.
struct IngestRoom {
  size_t events = 200'000;
  int64_t bytes = int64_t{256} << 20;  // The messages are counted as they came.
};

// Thread-safe.
class IngestQueue {
 public:
  using Done = SubmitDone;
  // Does what Database::Submit does.
  using Submitter = std::function<void(Submission, Done)>;

  // The database never has more than `room.events` at a time, except that a single
  // submission always goes on. It may have the same limit of its own: what it has not taken
  // yet is only a part of what the queue counts.
  IngestQueue(Submitter submitter, IngestRoom room);

  // The queue must be idle.
  ~IngestQueue();
  IngestQueue(const IngestQueue&) = delete;
  IngestQueue& operator=(const IngestQueue&) = delete;

  // Hands `submission` on when there is room, in the order of the calls. Its message had
  // `bytes`, which count until it is settled. `done` is called once: from the queue's thread,
  // or at once if there is nothing for the database to do. It must not block. An error is one
  // of the database.
  void Submit(const Principal& principal, Submission submission, int64_t bytes, Done done);

  // Waits until every submission has been answered.
  void WaitUntilIdle();

  // Decides for senders that cannot be held back. Returns RESOURCE_EXHAUSTED, with a sentence
  // for them, unless `events` more would go to the database at once.
  absl::Status CheckRoom(size_t events) const;

  // Decides for senders that can be held back. Returns false if nothing more should be read.
  // Whoever has a submission under way may ask again when it is answered.
  bool MayRead() const { return bytes_.load(std::memory_order_relaxed) < room_.bytes; }

  // Whoever submits calls tells it what they reported instead of a usage.
  UsageReportLog& usage_reports() { return usage_reports_; }

 private:
  struct Entry {
    Submission submission;
    size_t events = 0;
    int64_t bytes = 0;
    Done done;
  };
  struct Settled {
    size_t events = 0;
    int64_t bytes = 0;
    Done done;
    absl::StatusOr<SubmissionResult> result;
  };

  bool Fits(size_t events) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HandOver(Entry entry);
  void HandOverWaiting();
  void Settle(Settled settled);
  void Tell(const absl::Status& status);
  void Loop();

  const Submitter submitter_;
  const IngestRoom room_;
  UsageReportLog usage_reports_;

  std::atomic<int64_t> bytes_ = 0;  // It counts messages whose submissions are not settled.
  mutable Mutex mutex_;
  CondVar changed_;  // It tells of settled_, stopping_ and unanswered_.
  // What is pending is with the database; what is unanswered may also wait.
  size_t pending_events_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t pending_batches_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Entry> waiting_ ABSL_GUARDED_BY(mutex_);
  bool handing_over_ ABSL_GUARDED_BY(mutex_) = false;  // Nothing may overtake what waited.
  std::vector<Settled> settled_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // Only the queue's thread uses these two.
  bool is_refusing_ = false;  // The log was told that the store takes nothing.
  std::chrono::steady_clock::time_point tell_after_;
  std::thread thread_;  // It is the last member, since it uses the others.
};

}  // namespace itemized::server
