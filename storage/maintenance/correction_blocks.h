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

// Blocks in the making, one for each hour, of rows that correct earlier ones. Only the committer's
// thread uses it.
class CorrectionBlocks {
 public:
  RowAppender& Of(Hour hour);
  bool empty() const { return blocks_.empty(); }
  size_t size() const { return blocks_.size(); }
  void clear() { blocks_.clear(); }

  // Returns the blocks, by hour; afterwards this is empty.
  std::vector<Block> Take();

  // Commits the blocks with `entry`, which has none of its own; afterwards this is empty. On an
  // error nothing has changed.
  absl::Status Commit(State* state, Entry entry);

 private:
  struct Growing {
    Block block;
    RowAppender rows{&block.calls};
  };
  std::map<Hour, std::unique_ptr<Growing>> blocks_;
};

}  // namespace itemized
