// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/block/row_appender.h"
#include "storage/log/entry.h"
#include "storage/store/state.h"

namespace itemized {

// Rows that correct earlier ones, in the making: one block for each hour. For the committer.
class CorrectionBlocks {
 public:
  RowAppender& Of(Hour hour);
  bool empty() const { return blocks_.empty(); }
  size_t size() const { return blocks_.size(); }
  void clear() { blocks_.clear(); }

  // The blocks, by hour, and is empty again.
  std::vector<Block> Take();

  // Commits them with `entry`, which has no blocks of its own, and is empty again. On an error
  // nothing has changed.
  absl::Status Commit(State* state, Entry entry);

 private:
  struct Growing {
    Block block;
    RowAppender rows{&block.calls};
  };
  std::map<Hour, std::unique_ptr<Growing>> blocks_;
};

}  // namespace itemized
