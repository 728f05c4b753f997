// SPDX-License-Identifier: Apache-2.0
// How the committer writes the views to disk.

#include <pthread.h>

#include <chrono>
#include <future>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/engine/committer.h"

namespace itemized {
namespace {

// Changed runs after which they are written: bounds the memory and the pause that takes.
constexpr size_t kUnwrittenRunsMax = 32'768;

int64_t SteadyUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void Committer::StartCheckpoint(Views::Scope scope) {
  CHECK(!writing_.valid());
  {
    const WriterLock lock(state_.mutex);
    state_.views.Checkpoint(scope, &unwritten_);
  }
  written_to_ = state_.views.checkpointed();
  PassFailpoint(Failpoint::kCheckpointCollected);
  writing_ = std::async(std::launch::async, [this, kv = state_.kv.get(), &rows = unwritten_] {
    pthread_setname_np(pthread_self(), "checkpoint");
    const absl::Status written = rows.operations().size() >= options_.table_rows_min
                                     ? kv->WriteTables(rows)
                                     : kv->Write(rows, /*sync=*/false);
    if (written.ok()) {
      rows = KvBatch();
    }
    return written;
  });
}

bool Committer::CheckpointIsRunning() const {
  return writing_.valid() &&
         writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
}

// A checkpoint that is lost in a crash is folded from the log again, for Trim
// comes after it. One that the disk refuses is written with the next one.
absl::Status Committer::FinishCheckpoint() {
  if (!writing_.valid()) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(writing_.get());
  KvBatch batch;
  RETURN_IF_ERROR(state_.log.Trim(written_to_, &batch));
  RETURN_IF_ERROR(state_.kv->Write(batch, /*sync=*/false));
  PassFailpoint(Failpoint::kLogTrimmed);
  const WriterLock lock(state_.mutex);
  state_.views.runs().Evict();
  return absl::OkStatus();
}

absl::Status Committer::Checkpoint() {
  FinishCheckpoint().IgnoreError();  // Its rows go with those below.
  StartCheckpoint(Views::Scope::kAll);
  return FinishCheckpoint();
}

void Committer::CheckpointIfDue() {
  if (CheckpointIsRunning()) {
    return;
  }
  FinishCheckpoint().IgnoreError();  // The next one writes what this one could not.
  const int64_t now_us = SteadyUs();
  const bool all_due = now_us - last_checkpoint_us_ >= options_.checkpoint_interval_us &&
                       state_.views.folded() > state_.views.checkpointed();
  const bool runs_due = state_.views.runs().unwritten() >= kUnwrittenRunsMax;
  if (!all_due && !runs_due) {
    return;
  }
  if (all_due) {
    last_checkpoint_us_ = now_us;
  }
  StartCheckpoint(all_due ? Views::Scope::kAll : Views::Scope::kRuns);
}

}  // namespace itemized
