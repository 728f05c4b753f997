// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/log/recorded_log.h"

#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/block/block_codec.h"

namespace itemized::testing {

void Recording::Add(const Entry& entry) {
  CHECK(entry.index == entries_.size() + 1);
  Encoded& encoded = entries_.emplace_back();
  encoded.entry = EncodeEntry(entry);
  for (const Block& block : entry.blocks) {
    encoded.blocks.push_back(EncodeBlock(block));
  }
}

absl::Status Recording::Replay(absl::FunctionRef<absl::Status(const Entry&)> take) const {
  EntryIndex index = 0;
  for (const Encoded& encoded : entries_) {
    ASSIGN_OR_RETURN(Entry entry, DecodeEntry(++index, encoded.entry));
    for (size_t i = 0; i < encoded.blocks.size(); ++i) {
      ASSIGN_OR_RETURN(entry.blocks[i], DecodeBlock(entry.blocks[i].ref, encoded.blocks[i]));
    }
    RETURN_IF_ERROR(take(entry));
  }
  return absl::OkStatus();
}

}  // namespace itemized::testing
