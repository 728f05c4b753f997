// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rows that price calls again, made ahead of the commits that have them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"

#include "storage/base/money.h"
#include "storage/block/net_rows.h"
#include "storage/block/row_appender.h"
#include "storage/maintenance/correction_blocks.h"
#include "storage/maintenance/repricing_plan.h"
#include "storage/pricing/repricing_job.h"
#include "storage/store/pricer.h"
#include "storage/store/state.h"

namespace itemized {

// What one commit of a pass has. A plain value.
struct Corrections {
  absl::Status status;  // Why they could not be made; then the others say nothing but `begin`.
  CorrectionBlocks blocks;
  size_t begin = 0;       // The first hour of the plan that may have calls of these.
  bool is_last = false;   // The pass has no calls behind these.
  int64_t seen = 0;       // How many calls were looked at,
  int64_t calls = 0;      // how many of them change,
  Picos cost_before = 0;  // and what those cost before
  Picos cost_after = 0;   // and cost now.
};

// Goes through the calls of a pass. One thread at a time uses it, which need not be the
// committer's: it takes the lock of the state for reading. Whoever commits what it makes must see
// to it that neither the rate book nor any call that stood has changed meanwhile.
class CorrectionMaker {
 public:
  using Blocks = absl::flat_hash_set<BlockSequence>;

  // Serves changes of rates if there is no `kind`, else a job; `undone` are the blocks of the job
  // that a kUndo takes back. `state` and `plan` outlive it.
  CorrectionMaker(State* state, const RepricingPlan& plan, std::optional<JobKind> kind,
                  Blocks undone);

  // Where the store stood when the committer asked.
  struct Moment {
    BlockSequence block = 0;  // The newest one.
    uint64_t evictions = 0;   // Runs::evictions().
  };
  // Returns the next corrections, of `calls_max` calls at most. The rows are read from the blocks
  // up to `asked.block`, which must have all that was committed for the hours that are not read
  // yet.
  Corrections Make(size_t calls_max, Moment asked);

  // Goes on with hour `hour` of the plan, though its calls were looked at. Those that cost what
  // they are to cost by now are left as they are.
  void Rewind(size_t hour);

 private:
  // Calls that are read together.
  struct Portion {
    std::vector<Block> blocks;
    std::vector<RowRef> rows;  // The rows that no later row has taken out.
    // What usage each of `rows` has if its report is read again; empty unless the job does that.
    std::vector<RowUsage> usage;
    size_t next = 0;  // The first of `rows` that was not looked at.

    bool is_done() const { return next == rows.size(); }
  };

  absl::Status Read(BlockSequence up_to);
  absl::Status ReadHour(Hour hour, BlockSequence up_to);
  absl::Status ReadReports();
  bool is_due(const Corrections& made, size_t calls_max) const;
  void LookAtSome(size_t calls_max, Corrections* made);
  void LookAt(size_t row, Pricer* pricer, Corrections* made);
  void AddRepriced(Corrections* made);
  bool IsConcerned(const CallRows& calls, size_t row) const;
  void RepriceRow(const RowRef& ref, Pricer* pricer, Corrections* made);
  void RederiveRow(size_t row, Pricer* pricer, Corrections* made);
  void UndoRow(const RowRef& ref, Corrections* made);

  State& state_;
  const RepricingPlan& plan_;
  const std::optional<JobKind> kind_;
  const Blocks undone_;
  size_t next_hour_ = 0;      // The first of plan_.hours that is not read yet,
  size_t portion_begin_ = 0;  // and the first in `portion_`.
  Portion portion_;
  // Rows of one block of `portion_` that cost something else by now.
  size_t repriced_block_ = 0;
  std::vector<RepricedRow> repriced_;
};

}  // namespace itemized
