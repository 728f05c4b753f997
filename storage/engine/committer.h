#pragma once

// The one thread that changes the database: it groups waiting batches, commits
// each group with one fsync, folds it into the views, and answers the senders.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "storage/base/mutex.h"
#include "storage/engine/database.h"
#include "storage/engine/state.h"

namespace itemized {

// Thread-safe.
class Committer {
 public:
  // Does not own `state`, which nothing else may change meanwhile.
  Committer(State* state, const DatabaseOptions& options);
  // Commits what waits, writes the views, ends the thread.
  ~Committer();

  // As Database::Submit.
  void Submit(EventBatch batch, Database::WriteDone done);

  // Runs `job` on the committer's thread, between groups, and waits for it.
  using Job = std::function<void(State&, RateFinder&)>;
  void Run(Job job);

  // Writes all views; to be called from a job.
  absl::Status Checkpoint();

 private:
  struct Task {
    EventBatch batch;
    Database::WriteDone done;
    Job job;               // If set, there is no batch.
    bool refused = false;  // There was no room for the batch.
  };

  void Loop();
  // Waits for work; empty when it is time for a checkpoint or the end.
  std::vector<Task> TakeGroup(bool* stop);
  void CommitGroup(std::vector<Task> group);
  void CheckpointIfDue();
  absl::Status WriteCheckpoint(Views::Scope scope);

  State& state_;
  const DatabaseOptions options_;
  RateFinder rates_;

  // The committer's thread only.
  int64_t last_checkpoint_us_ = 0;  // Steady clock.
  KvBatch unwritten_;               // A checkpoint that the disk refused.

  Mutex mutex_;
  CondVar wake_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  size_t pending_events_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace itemized
