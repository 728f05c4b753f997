// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/ingest: from a batch to a commit: checks, groups, blocks, and the one thread that
// writes. May use base, model, pricing, catalog, block, views, runs, store and maintenance.

// The committer has the one thread that changes the database. It groups waiting batches, commits
// each group with one fsync, folds it into the views, and answers the senders.

#include <chrono>
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
  // Does not own `state`, which nothing else may change meanwhile. Calls `each_turn` on its thread
  // now and then, at least once a checkpoint interval.
  Committer(State* state, const DatabaseOptions& options, std::function<void()> each_turn);
  // Commits what waits, writes the views and ends the thread.
  ~Committer();

  // Does what Database::Submit says. Events are checked on the caller's thread.
  void Submit(Submission submission, SubmitDone done);

  // Runs `job` on the committer's thread, between groups; Execute waits for it.
  using Job = std::function<void(State&)>;
  void Post(Job job);
  void Execute(Job job);

  // Counts what has come in since the committer was made.
  IngestCounters ingested() const;

  // Only jobs may use these.
  Checkpointer& checkpointer() { return checkpointer_; }
  Repricing& repricing() { return repricing_; }

 private:
  struct Task {
    std::vector<CheckedBatch> parts;
    std::vector<CallId> retractions;
    std::vector<Note> notes;
    std::optional<BatchPosition> position;
    SubmitDone done;
    Job job;               // If it is set, the task is nothing but the job.
    size_t events = 0;     // How many events, retractions and notes it has; 0 if refused.
    bool refused = false;  // There was no room for its events.

    // Whether it takes stored calls out. Then it is a group of its own: what it takes out must have
    // been committed before.
    bool withdraws() const;
  };

  // What is left of a group once it has been answered, which takes a while to free.
  struct Spent {
    std::vector<Task> group;
    std::unique_ptr<GroupBuilder> builder;
    Entry entry;
  };

  void Loop();
  // Waits for work, and returns it. The group is empty when it is time for a checkpoint, for
  // pricing calls again, or the end.
  std::vector<Task> TakeGroup(bool* stop);
  void CommitGroup(std::vector<Task> group);
  absl::StatusOr<SubmissionResult> Take(const Task& task, GroupBuilder* builder,
                                        absl::Status* store_status);
  // Commits `entry`, unless it has no block and no note, and no producer has come further.
  absl::Status CommitEntry(Entry* entry, const StagedRuns& staged);
  static void TakeNotes(const std::vector<absl::StatusOr<SubmissionResult>>& results,
                        std::vector<Task>* group, Entry* entry);
  // Forgets what a group that was not committed brought with it.
  void GiveUp();
  void CountCommitted(const GroupBuilder& builder,
                      const std::vector<absl::StatusOr<SubmissionResult>>& results);
  // Looks in the log for a write of which nobody knows what became of it, if there was one.
  void CatchUpIfBehind();
  // Stores how far time has come, and warns of a clock that is ahead of it.
  void WatchClock();
  // Drops some of what is too old.
  void RetainIfDue();
  absl::Status Retain();
  // Prices some more calls again, if any are to be and it is their turn.
  void RepriceIfBusy();
  // How long to wait for events, at most.
  std::chrono::microseconds IdleTime();
  void Wake();

  State& state_;
  const DatabaseOptions options_;
  const std::function<void()> each_turn_;

  // Only the committer's thread uses these.
  Retention retention_;
  Checkpointer checkpointer_;
  bool clock_is_ahead_ = false;  // It is ahead, and that has been told.
  int64_t retain_after_us_ = 0;  // Not before this instant of the steady clock; set by a failure.

  Spent spent_;  // Only the cleaner uses it between its Start and Wait.
  HelperThread cleaner_{"cleaner"};

  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  size_t pending_events_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  IngestCounters ingested_ ABSL_GUARDED_BY(mutex_);

  // Only the committer's thread uses these.
  Repricing repricing_;
  int64_t reprice_after_us_ = 0;   // Not before this instant of the steady clock.
  int64_t reprice_wait_us_ = 0;    // How long the last failure made it wait; 0 after a success.
  bool has_taken_events_ = false;  // Since calls were last priced again.

  std::thread thread_;  // Stands last, because it uses all members above.
};

}  // namespace itemized
