// SPDX-License-Identifier: Apache-2.0
#pragma once

// Changes of the rate book, and what follows from them: earlier calls are priced again, by
// further entries of the log, in steps between the commits of what comes in.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/base/helper_thread.h"
#include "storage/maintenance/correction_maker.h"
#include "storage/maintenance/repricing_plan.h"
#include "storage/pricing/rate.h"
#include "storage/pricing/rate_change.h"
#include "storage/pricing/repricing_job.h"
#include "storage/store/state.h"

namespace itemized {

// Only the committer's thread uses it.
//
// A change is durable with the rate book: the mark `repricing` (storage/FORMAT.md) says from
// which instant on calls are still to be priced again, and goes with the last of them. Changes
// that come while calls are priced wait together for the next pass. A call that is priced for
// the first time is judged as one that arrives: against the threshold of its step as it stands
// then. So a pass begins with small commits, for the first calls teach what is normal.
class Repricing {
 public:
  using Done = std::function<void(absl::StatusOr<RateChange>)>;
  using JobDone = std::function<void(absl::StatusOr<RepricingJob>)>;

  // Goes on with what the mark says was left unfinished. Calls `wake` from another thread when Step
  // has something to do again. Does not own `state`.
  Repricing(State* state, std::function<void()> wake);
  ~Repricing();

  // Put rates into the book, all or none, or take them out. `done` is called when all calls that
  // `which` names have been priced again, or at once if nothing was changed. Errors are those of
  // Database::SetRates.
  void Set(const std::vector<CheckedRatePtr>& rates, Reprice which, Done done);
  void Remove(const std::vector<RateName>& names, Reprice which, Done done);
  // Makes `rates`, whose origin is kBundled, the bundled rates of the book: those that are new or
  // have changed are set, and bundled ones that are not among them are taken out. What users set
  // stays as it is.
  void SetBundled(const std::vector<CheckedRatePtr>& rates, Reprice which, Done done);

  // Begins a job, which is durable then, and goes on to its end, over restarts too. `begun` is
  // called with it, or with an error and nothing has changed; `done` once it is at its end, or with
  // an error if it goes on after a failure; neither if `begun` was called with an error.
  void Start(const RepricingRequest& request, JobDone begun, JobDone done);
  // Begins the job that takes back what job `id` has changed, but for calls that were changed again
  // since. NOT_FOUND without such a job, FAILED_PRECONDITION if it is under way or was undone.
  void Undo(uint64_t id, JobDone begun, JobDone done);

  // Calls `done` when nothing is left to be priced again.
  void WhenDone(Done done);

  bool is_busy() const { return pass_.has_value(); }
  // Returns whether Step would do something now; if not, `wake` is called when it would.
  bool is_ready() const { return is_busy() && (!is_making_ || is_made_); }
  // Commits some more calls, which holds up ingestion for some 20 ms at most.
  absl::Status Step();

  // Goes on with what the mark in the log says is left, if it does not already. Must be called
  // after entries were applied that this did not make.
  void Resume();

  // Must be called after calls were taken out, since what was made ahead may name them.
  void Invalidate();
  // Answers all that wait with `status`, with which Step has failed. Step may be called again.
  void Fail(const absl::Status& status);
  // Answers all that wait, now and later, that the database closes.
  void Abandon();

 private:
  // One change, of which somebody wants to know when its calls are priced.
  struct Change {
    RateChange result;
    Done done;
  };
  // A job that is under way or waits for its turn.
  struct Job {
    RepricingJob job;
    JobDone done;
  };

  void Begin(Entry entry, const std::vector<CheckedRatePtr>& concerned, Reprice which,
             Change change);
  static RepricingMark MarkOf(const RepricingScope& scope);
  RepricingMark MarkWith(RepricingScope scope) const;
  void BeginJob(RepricingJob job, JobDone begun, JobDone done);
  void ResumeJobs();
  void StartPass();
  void StartJob();
  void AddTo(const Corrections& made, Entry* entry) const;
  absl::Status FinishJob(Corrections made);
  void FailJobs(const absl::Status& status);
  void StartMaking();
  Corrections TakeMade();
  absl::Status Finish(Corrections made);
  absl::Status Commit(Corrections made, Entry entry);
  void ShowProgress();

  State& state_;
  const std::function<void()> wake_;

  std::optional<RepricingPlan> pass_;
  std::optional<Job> job_;  // The job that the pass is of; if not set, it is for changes of rates.
  std::deque<Job> jobs_;    // Jobs that wait.
  std::vector<Change> changes_;  // The changes that this pass is for.
  int64_t repriced_ = 0;         // Calls whose price has changed in this pass.
  RepricingProgress progress_;
  size_t commit_calls_ = 0;  // A commit comes after so many calls; it grows during a pass.

  std::optional<RepricingScope> next_scope_;  // The scope of the next pass, if there is one.
  std::vector<Change> next_changes_;

  std::unique_ptr<CorrectionMaker> maker_;  // Only `helper_` uses it while is_making_.
  Corrections made_;                        // What it made, while is_making_.
  bool is_making_ = false;
  std::atomic<bool> is_made_ = false;  // Nothing more is to be waited for.
  bool is_outdated_ = false;           // What is being made has to be made again.
  bool is_abandoned_ = false;
  HelperThread helper_{"repricing"};
};

}  // namespace itemized
