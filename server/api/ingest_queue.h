// SPDX-License-Identifier: Apache-2.0
#pragma once

// Between the streams and the database: holds batches back while the database
// has no room, and brings results home on a thread of its own, so that the
// committer never waits for a socket.

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "itemized/v1/ingest.pb.h"

#include "server/convert/batch_decoder.h"
#include "storage/base/mutex.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Thread-safe.
class IngestQueue {
 public:
  using Done = std::function<void(absl::StatusOr<SubmissionResult>)>;
  using Answered = std::function<void(absl::StatusOr<itemized::v1::BatchResult>)>;
  // As Database::Submit.
  using Submitter = std::function<void(Submission, Done)>;

  // At most `pending_events_max` events are with the database at a time,
  // except that a single batch always may.
  IngestQueue(Submitter submitter, size_t pending_events_max);

  // Only when idle.
  ~IngestQueue();
  IngestQueue(const IngestQueue&) = delete;
  IngestQueue& operator=(const IngestQueue&) = delete;

  // Hands `batch` on when there is room, in the order of submission.
  // `answered` is called once: from the queue's thread, or at once if nothing
  // of the batch concerns the database. It must not block. An error is one of
  // the database.
  void Submit(DecodedBatch batch, std::optional<BatchPosition> position, Answered answered);

  // Waits until every submission has been answered.
  void WaitUntilIdle();

  // Whether `events` would go to the database at once.
  bool HasRoom(size_t events) const;

 private:
  struct Entry {
    DecodedBatch batch;
    std::optional<BatchPosition> position;
    Answered answered;
  };
  struct Settled {
    Entry entry;
    absl::StatusOr<SubmissionResult> result;
  };

  bool Fits(size_t events) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HandOver(Entry entry);
  void HandOverWaiting();
  void Settle(Settled settled);
  void Tell(const absl::Status& status);
  void Run();

  const Submitter submitter_;
  const size_t pending_events_max_;

  mutable Mutex mutex_;
  CondVar changed_;                                     // settled_, stopping_ or unanswered_.
  size_t pending_events_ ABSL_GUARDED_BY(mutex_) = 0;   // With the database.
  size_t pending_batches_ ABSL_GUARDED_BY(mutex_) = 0;  // With the database.
  size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;       // Those, and what waits.
  std::deque<Entry> waiting_ ABSL_GUARDED_BY(mutex_);
  bool handing_over_ ABSL_GUARDED_BY(mutex_) = false;  // Nothing may overtake what waited.
  std::vector<Settled> settled_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The queue's thread only.
  bool is_refusing_ = false;  // The store, as the log was told.
  std::chrono::steady_clock::time_point tell_after_;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace itemized::server
