// SPDX-License-Identifier: Apache-2.0
#pragma once

// Changes of the rate book, and what follows from them: earlier calls are priced again, by
// further entries of the log, in steps between the commits of what comes in.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/base/helper_thread.h"
#include "storage/block/net_rows.h"
#include "storage/maintenance/correction_blocks.h"
#include "storage/maintenance/repricing_plan.h"
#include "storage/pricing/rate.h"
#include "storage/store/pricer.h"
#include "storage/store/state.h"

namespace itemized {

// The committer's thread only.
//
// A change is durable with the book: the mark `repricing` (storage/FORMAT.md) says from
// which instant on calls are still to be priced again, and goes with the last of them. Changes
// that come while calls are priced wait together for the next pass. A call that is priced for
// the first time is judged as one that arrives: against the threshold of its step as it stands
// then. So a pass begins with small commits, for the first calls teach what is normal.
class Repricing {
 public:
  using Done = std::function<void(absl::StatusOr<RateChange>)>;

  // Goes on with what the mark says was left unfinished. `wake` is called from another
  // thread when Step has something to do again. Does not own its arguments.
  Repricing(State* state, std::function<void()> wake);
  ~Repricing();

  // Puts rates into the book, all or none, or takes them out. `done` is called when all calls
  // have been priced again, or at once if nothing was changed. Errors as Database::SetRates.
  void Set(const std::vector<CheckedRatePtr>& rates, Done done);
  void Remove(const std::vector<RateName>& names, Done done);

  // Calls `done` when nothing is left to be priced again.
  void WhenDone(Done done);

  bool is_busy() const { return pass_.has_value(); }
  // Whether Step would do something now; else `wake` is called when it would.
  bool is_ready() const { return is_busy() && (!is_reading_ || is_read_); }
  // Does some of it.
  absl::Status Step();

  // Goes on with what the mark in the log says is left, if it does not already: to be called when
  // entries were applied that others than this one made.
  void Resume();

  // To be called when calls were taken out meanwhile.
  void Invalidate();
  // Tells all that wait that it takes longer, for Step has failed. It may be called again.
  void Fail(const absl::Status& status);
  // Tells all that wait, now and later, that the database closes.
  void Abandon();

 private:
  // One change, of which somebody wants to know when its calls are priced.
  struct Change {
    RateChange result;
    Done done;
  };
  // Calls that are read at once, by a thread of its own.
  struct Portion {
    absl::Status status;
    std::vector<Block> blocks;
    std::vector<RowRef> rows;  // Those that stand.
    size_t next = 0;           // Into rows.
  };

  void Begin(Entry entry, const std::vector<CheckedRatePtr>& concerned, Change change);
  void StartPass();
  absl::Status FinishPass();
  void StartReading();
  void Read(size_t from, size_t to, BlockSequence up_to);
  absl::Status TakePortion();
  absl::Status RepriceSome();
  void RepriceRow(const RowRef& ref, Pricer* pricer);
  bool is_commit_due() const;
  absl::Status CommitPending(Entry entry);
  void Rewind();
  void ShowProgress();

  State& state_;
  const std::function<void()> wake_;

  std::optional<RepricingPlan> pass_;
  std::vector<Change> changes_;  // Of this pass.
  int64_t repriced_ = 0;         // In this pass, calls.
  RepricingProgress progress_;
  size_t commit_calls_ = 0;  // After which the next commit comes; grows during a pass.

  std::optional<RepricingScope> next_scope_;  // Of the next pass, if there is one.
  std::vector<Change> next_changes_;

  size_t next_hour_ = 0;      // Into the hours of the pass: the first that is not read yet.
  size_t portion_begin_ = 0;  // The hours of `portion_` begin here,
  size_t pending_begin_ = 0;  // those of `pending_` here.
  size_t pending_calls_ = 0;
  int64_t pending_seen_ = 0;  // Calls looked at since the last commit.
  CorrectionBlocks pending_;  // What the next commit will have.
  Portion portion_;           // The helper's while is_reading_.
  bool is_reading_ = false;
  bool is_outdated_ = false;  // What is being read is to be read again.
  std::atomic<bool> is_read_ = false;
  bool is_abandoned_ = false;
  HelperThread reader_{"repricing"};
};

}  // namespace itemized
