// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the rows of some runs back from the log.

#include <map>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/block/block_store.h"

namespace itemized {

// Knows which runs to read, and in which blocks. Not thread-safe.
class RunBlocks {
 public:
  // `workflow_id` must outlive this.
  void Add(absl::string_view workflow_id, absl::Span<const BlockRef> blocks);

  // Hands over each block once, by rising sequence, with the rows of all those runs and no
  // others, and without completions. Errors are those of BlockStore::ReadRows and of `take`.
  absl::Status Read(const BlockStore& blocks, absl::FunctionRef<absl::Status(Block)> take) const;

 private:
  RunNames runs_;
  std::map<BlockSequence, BlockRef> blocks_;
};

}  // namespace itemized
