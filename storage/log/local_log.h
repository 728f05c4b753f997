// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/block/block_store.h"
#include "storage/kv/kv.h"
#include "storage/log/commit_log.h"

namespace itemized {

// The log of a store by itself, in its own key-value store. An entry and the rows that it changes
// are one synced write; the bytes of its blocks are kept once, as rows of the block store. So an
// append is never unknown and never fenced.
class LocalLog : public CommitLog {
 public:
  // Opens the log in `kv`. Owns neither argument. `last` is the newest entry whose rows are in
  // `kv`.
  static absl::StatusOr<std::unique_ptr<LocalLog>> Open(Kv* kv, const BlockStore* blocks,
                                                        EntryIndex last);

  EntryIndex last() const override { return last_; }
  EntryIndex first() const override { return first_; }
  AppendResult Append(const Entry& entry, KvBatch rows) override;
  absl::Status Resolve() override { return absl::OkStatus(); }
  absl::Status Read(EntryIndex after, EntryIndex up_to, Hour first_hour, Take take,
                    OnDamage on_damage) const override;
  absl::Status Trim(EntryIndex up_to, Hour first_hour) override;

 private:
  LocalLog(Kv* kv, const BlockStore* blocks, EntryIndex last)
      : kv_(*kv), blocks_(*blocks), last_(last) {}
  absl::Status ReadBlocks(Hour first_hour, OnDamage on_damage, std::vector<Block>* blocks) const;

  Kv& kv_;
  const BlockStore& blocks_;
  EntryIndex first_ = 1;
  EntryIndex last_;
};

}  // namespace itemized
