// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/checkpointer.h"

#include <pthread.h>

#include <chrono>
#include <future>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// Runs are written once so many have changed, which bounds memory and the pause that writing makes.
constexpr size_t kUnwrittenRunsMax = 32'768;

}  // namespace

Checkpointer::Checkpointer(State* state, const DatabaseOptions& options)
    : state_(*state),
      interval_us_(options.checkpoint_interval_us),
      table_rows_min_(options.table_rows_min),
      steady_(options.steady),
      last_us_(steady_()) {}

void Checkpointer::Start(Views::Scope scope) {
  CHECK(!writing_.valid());
  {
    const WriterLock lock(state_.mutex);
    state_.views.Checkpoint(scope, &unwritten_);
  }
  PassFailpoint(Failpoint::kCheckpointCollected);
  writing_ = std::async(std::launch::async, [this, kv = state_.kv.get(), &rows = unwritten_] {
    pthread_setname_np(pthread_self(), "checkpoint");
    const absl::Status written = rows.operations().size() >= table_rows_min_
                                     ? kv->WriteTables(rows)
                                     : kv->Write(rows, /*sync=*/false);
    if (written.ok()) {
      rows = KvBatch();
    }
    return written;
  });
}

bool Checkpointer::is_running() const {
  return writing_.valid() &&
         writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
}

// Writes without sync: a checkpoint that is lost in a crash is folded from the log again, and one
// that the disk refuses is written with the next one.
absl::Status Checkpointer::Finish() {
  if (!writing_.valid()) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(writing_.get());
  PassFailpoint(Failpoint::kCheckpointFinished);
  const WriterLock lock(state_.mutex);
  state_.views.runs().Evict();
  return absl::OkStatus();
}

absl::Status Checkpointer::WriteAll() {
  Finish().IgnoreError();  // Rows that it could not write go with those below.
  Start(Views::Scope::kAll);
  return Finish();
}

void Checkpointer::WorkIfDue() {
  if (is_running()) {
    return;
  }
  Finish().IgnoreError();  // The next checkpoint writes what that one could not.
  const int64_t now_us = steady_();
  const bool all_due = now_us - last_us_ >= interval_us_ &&
                       state_.views.folded().entry > state_.views.checkpointed().entry;
  const bool runs_due = state_.views.runs().unwritten() >= kUnwrittenRunsMax;
  if (!all_due && !runs_due) {
    return;
  }
  if (all_due) {
    last_us_ = now_us;
  }
  Start(all_due ? Views::Scope::kAll : Views::Scope::kRuns);
}

}  // namespace itemized
