// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/ingest: from a batch to a commit: checks, groups, blocks, and the one thread that
// writes. May use base, model, pricing, catalog, block, views, runs, store and maintenance.

// The one thread that changes the database: it groups waiting batches, commits
// each group with one fsync, folds it into the views, and answers the senders.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "storage/base/helper_thread.h"
#include "storage/base/mutex.h"
#include "storage/ingest/checked_batch.h"
#include "storage/ingest/group_builder.h"
#include "storage/maintenance/checkpointer.h"
#include "storage/maintenance/repricing.h"
#include "storage/maintenance/retention.h"
#include "storage/model/ingest_counters.h"
#include "storage/model/submission.h"
#include "storage/store/state.h"

namespace itemized {

// Thread-safe.
class Committer {
 public:
  // Does not own `state`, which nothing else may change meanwhile.
  Committer(State* state, const DatabaseOptions& options);
  // Commits what waits, writes the views, ends the thread.
  ~Committer();

  // As Database::Submit. Events are checked on the caller's thread.
  void Submit(Submission submission, SubmitDone done);

  // Runs `job` on the committer's thread, between groups; Execute waits for it.
  using Job = std::function<void(State&)>;
  void Post(Job job);
  void Execute(Job job);

  // Since the committer was made.
  IngestCounters ingested() const;

  // To be used from a job.
  Checkpointer& checkpointer() { return checkpointer_; }
  Repricing& repricing() { return repricing_; }

 private:
  struct Task {
    std::vector<CheckedBatch> parts;
    std::vector<CallId> retractions;
    std::optional<BatchPosition> position;
    SubmitDone done;
    Job job;               // If set, there is nothing else.
    size_t events = 0;     // Of all parts.
    bool refused = false;  // There was no room for them.

    // Whether it takes stored calls out. Then it is a group of its own, for they must be stored.
    bool withdraws() const;
  };

  // What is left of a group once it has been answered.
  struct Spent {
    std::vector<Task> group;
    std::unique_ptr<GroupBuilder> builder;
    Entry entry;
  };

  void Loop();
  // Waits for work; empty when it is time for a checkpoint or the end.
  std::vector<Task> TakeGroup(bool* stop);
  void CommitGroup(std::vector<Task> group);
  absl::StatusOr<SubmissionResult> Take(const Task& task, GroupBuilder* builder,
                                        absl::Status* store_status);
  // Commits `entry`, unless neither it nor the producers have anything to say.
  absl::Status CommitEntry(Entry* entry, const StagedRuns& staged);
  // Forgets what a group that was not committed brought with it.
  void GiveUp();
  void CountCommitted(const GroupBuilder& builder,
                      const std::vector<absl::StatusOr<SubmissionResult>>& results);
  // After a write of which nobody knows what became of it: looks for it in the log.
  void CatchUpIfBehind();
  // Writes down how far time has come, and tells of a clock that is ahead of it.
  void WatchClock();
  // Goes on dropping what is too old, or begins to.
  void RetainIfDue();
  absl::Status Retain();
  // Goes on pricing calls again.
  void RepriceIfBusy();
  void Wake();

  State& state_;
  const DatabaseOptions options_;

  // The committer's thread only.
  Retention retention_;
  Checkpointer checkpointer_;
  bool clock_is_ahead_ = false;  // That has been told.
  int64_t retain_after_us_ = 0;  // Steady clock; later after a failure.

  Spent spent_;  // The cleaner's between its Start and Wait.
  HelperThread cleaner_{"cleaner"};

  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  size_t pending_events_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  IngestCounters ingested_ ABSL_GUARDED_BY(mutex_);

  // The committer's thread only.
  Repricing repricing_;
  int64_t reprice_after_us_ = 0;  // Steady clock; later after a failure,
  int64_t reprice_wait_us_ = 0;   // by so much; 0 after a success.

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace itemized
