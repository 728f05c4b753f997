// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/block/row_appender.h"
#include "storage/log/entry.h"
#include "storage/runs/runs.h"
#include "storage/store/state.h"

namespace itemized {

// Blocks in the making, one for each hour, of rows that correct earlier ones. Not thread-safe; only
// the committer's thread calls Commit.
class CorrectionBlocks {
 public:
  RowAppender& Of(Hour hour);
  // The rows that Of(hour) has appended.
  const CallRows& RowsOf(Hour hour) const { return blocks_.at(hour)->block.calls; }
  // Says that Commit is to judge row `row` of `hour` by the threshold of its step.
  void Judge(Hour hour, size_t row) { blocks_.at(hour)->unjudged.push_back(row); }

  bool empty() const { return blocks_.empty(); }
  size_t size() const { return blocks_.size(); }
  // The first hour that has rows; there must be one.
  Hour first_hour() const { return blocks_.begin()->first; }

  // Returns the blocks, by hour; afterwards this is empty.
  std::vector<Block> Take();

  // Reads the runs of the rows that are not in memory, for Commit. Errors and `evictions` are those
  // of Runs::ReadAhead.
  absl::Status ReadRuns(State* state, uint64_t evictions);

  // Encodes the blocks that have all they will have, for Commit.
  void Encode();

  // Commits the blocks with `entry`, which has none of its own; afterwards this is empty. On an
  // error nothing has changed.
  absl::Status Commit(State* state, Entry entry);

 private:
  struct Growing {
    Block block;
    RowAppender rows{&block.calls};
    std::vector<size_t> unjudged;
    std::string encoded;  // What Encode made of it.
  };
  static void JudgeRows(const State& state, Growing* growing);

  std::map<Hour, std::unique_ptr<Growing>> blocks_;
  RunsAhead runs_;
};

}  // namespace itemized
