// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bill as it was known at an earlier instant: before late events, retractions and changed
// prices that came after it.

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/base/helper_thread.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"
#include "storage/query/query_context.h"
#include "storage/store/log_replay.h"
#include "storage/store/state.h"

namespace itemized {

// The store as the entries up to an instant left it. It never changes, so it is thread-safe. All
// questions can be asked of it, and windows that end now end at that instant. While it lives,
// retention drops nothing.
class PastBill {
 public:
  const QueryContext& context() const { return *context_; }
  const State& state() const { return *state_; }

 private:
  friend class PastBills;
  class At final : public Clock {
   public:
    explicit At(int64_t now_us) : now_us_(now_us) {}
    int64_t NowUs() const override { return now_us_; }

   private:
    const int64_t now_us_;
  };

  explicit PastBill(int64_t at_us) : clock_(at_us) {}
  absl::Status Apply(LogReplay* replay, const Cancellation* cancellation);
  absl::Status DropWhatIsGone(Hour first_hour);

  const At clock_;
  std::shared_ptr<const void> pin_;
  std::unique_ptr<State> state_;
  std::unique_ptr<QueryContext> context_;
};

// Makes past bills, by applying the entries of the log again up to an instant: that takes about as
// long as opening a store of as many calls without a checkpoint, and its memory. The last one is
// kept in case the next question is about the same instant, as the questions of a report are.
// Thread-safe; one bill is made at a time.
class PastBills {
 public:
  // `begin` returns a replay of the whole log, on whatever thread it is called.
  using Begin = std::function<std::unique_ptr<LogReplay>()>;
  explicit PastBills(Begin begin) : begin_(std::move(begin)) {}

  // Returns the bill as it was known at `at_us`, which is not after `now_us`. INVALID_ARGUMENT if
  // it is, or if the log no longer reaches back to it; else the errors of the log and of
  // `cancellation`.
  absl::StatusOr<std::shared_ptr<const PastBill>> Get(int64_t at_us, int64_t now_us,
                                                      const Cancellation* cancellation);

  // Lets go of the bill that is kept, if nobody has asked for it for a while. It takes no time,
  // also while a bill is made. One thread calls it.
  void DropIdle(int64_t now_us);

 private:
  std::shared_ptr<const PastBill> TakeIdle(int64_t now_us);

  const Begin begin_;
  Mutex mutex_;
  std::shared_ptr<const PastBill> kept_ ABSL_GUARDED_BY(mutex_);
  int64_t asked_at_us_ ABSL_GUARDED_BY(mutex_) = 0;
  HelperThread cleaner_{"past bills"};  // It frees what is let go of.
};

}  // namespace itemized
