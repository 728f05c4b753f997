// SPDX-License-Identifier: Apache-2.0
#include "storage/query/gate_share.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/scan_pace.h"
#include "storage/runs/run.h"

namespace itemized {
namespace {

// Hours are read in so many pieces, so that threads end together.
constexpr uint32_t kPiecesMax = 16;
constexpr int kBlocksBetweenRests = 32;
constexpr int32_t kSeveral = 2;

// A completion that was read: of which run, and whether it takes another one back.
struct Found {
  RunHash run;
  bool takes_back = false;
};

absl::Status ReadPiece(const State& state, BlockStore::Reader* reader, std::vector<Found>* found,
                       const Cancellation* cancellation) {
  ScanPace pace(state);
  for (int blocks = 1;; ++blocks) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    ASSIGN_OR_RETURN(const std::optional<Block> block, reader->Next());
    if (!block.has_value()) {
      return absl::OkStatus();
    }
    for (const CompletionRow& row : block->completions) {
      found->push_back({.run = HashRun(block->calls.run_names[row.run]),
                        .takes_back = row.outcome == Outcome::kOpen});
    }
    if (blocks % kBlocksBetweenRests == 0) {
      pace.RestIfCommitting();
    }
  }
}

StepRunCounts CountOf(const RunsOfStep& runs) {
  StepRunCounts counts;
  for (const auto& [hash, run] : runs) {
    const bool is_complete = run.calls > 0 && run.completions == 1;
    counts.complete += is_complete ? 1 : 0;
    counts.unused += is_complete && run.is_unused ? 1 : 0;
  }
  return counts;
}

}  // namespace

void StepRuns::Add(const Block& block, const std::vector<std::pair<uint32_t, size_t>>& rows) {
  const ReaderLock lock(state_.mutex);
  for (const auto& [row, step] : rows) {
    RunOfStep& run = runs_[step][endings_.RunOf(block, row)];
    run.calls += block.calls.weight[row];
    run.is_unused = endings_.IsUnused(block, row);
    run.block = block.ref;
    run.name = block.calls.run[row];
  }
}

absl::StatusOr<Completions> Completions::Open(const Snapshot& snapshot, TimeRange range) {
  Completions completions(snapshot.state);
  const int64_t end_us = std::min(range.end_us + kMicrosPerDay, kTimeMaxUs);
  const Hour end = HourOf(end_us - 1) + 1;
  const uint32_t hours = end.value() - HourOf(range.start_us).value();
  const uint32_t hours_at_once = (hours + kPiecesMax - 1) / kPiecesMax;
  for (Hour hour = HourOf(range.start_us); hour < end; hour = hour + hours_at_once) {
    const TimeRange part{HourStartUs(hour), HourStartUs(std::min(end, hour + hours_at_once))};
    ASSIGN_OR_RETURN(BlockStore::Reader reader,
                     snapshot.Open(part, Columns(ColumnId::kRunNames, ColumnId::kCompletions)));
    completions.readers_.push_back(std::move(reader));
  }
  return completions;
}

absl::Status Completions::Read(std::vector<RunsOfStep>* runs, const Cancellation* cancellation) {
  std::vector<absl::Status> statuses(readers_.size());
  std::vector<std::vector<Found>> found(readers_.size());
  ParallelFor(kThreadsOfAJob, readers_.size(), [&](size_t i) {
    statuses[i] = ReadPiece(*state_, &readers_[i], &found[i], cancellation);
  });
  for (const absl::Status& status : statuses) {
    RETURN_IF_ERROR(status);
  }
  for (RunsOfStep& of_step : *runs) {
    for (const std::vector<Found>& piece : found) {
      for (const Found& completion : piece) {
        if (const auto run = of_step.find(completion.run); run != of_step.end()) {
          run->second.completions += completion.takes_back ? kSeveral : 1;
        }
      }
    }
  }
  return absl::OkStatus();
}

// Asks the runs themselves of which the log does not say it plainly: they end later, or more than
// once.
absl::Status Completions::LookUp(RunsOfStep* runs, const Cancellation* cancellation) const {
  std::map<BlockSequence, std::vector<RunOfStep*>> unsure;
  for (auto& [hash, run] : *runs) {
    if (run.calls > 0 && run.completions != 1) {
      unsure[run.block.sequence].push_back(&run);
    }
  }
  for (const auto& [sequence, of_block] : unsure) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    const absl::StatusOr<Block> block =
        state_->blocks.Find(of_block.front()->block, Columns(ColumnId::kRunNames));
    if (absl::IsNotFound(block.status())) {
      continue;  // Retention has dropped it meanwhile.
    }
    RETURN_IF_ERROR(block.status());
    for (RunOfStep* const run : of_block) {
      run->completions = 0;
      const ReaderLock lock(state_->mutex);
      RETURN_IF_ERROR(state_->views.runs()
                          .Visit(block->calls.run_names[run->name],
                                 [&](const Run& found) {
                                   run->completions = found.outcome() != Outcome::kOpen ? 1 : 0;
                                 })
                          .status());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StepRunCounts>> Completions::Count(std::vector<RunsOfStep> runs,
                                                              const Cancellation* cancellation) && {
  RETURN_IF_ERROR(Read(&runs, cancellation));
  std::vector<StepRunCounts> counts;
  for (RunsOfStep& of_step : runs) {
    RETURN_IF_ERROR(LookUp(&of_step, cancellation));
    counts.push_back(CountOf(of_step));
  }
  return counts;
}

}  // namespace itemized
