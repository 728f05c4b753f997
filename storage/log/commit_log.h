// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/log: entries in their order, of which everything else is a fold. May use base, model,
// pricing, kv, catalog and block.

// The interface of a log. LocalLog (local_log.h) keeps one in the store itself; a replicated log
// would implement the same interface. storage/store/state.cc is the one place that appends.

#include <cstdint>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/kv/kv.h"
#include "storage/log/entry.h"

namespace itemized {

// What became of an append.
struct AppendResult {
  enum class Outcome : uint8_t {
    kAppended,     // The entry is durable.
    kNotAppended,  // The entry is not in the log and will never be. Another may be tried at once.
    kUnknown,      // Nobody can tell yet. Resolve finds out, and no append succeeds before that.
    kFenced,       // Somebody else writes this log now. No further append of this writer succeeds.
  };
  Outcome outcome = Outcome::kAppended;
  absl::Status status;  // Why, if it is not kAppended; for senders: UNAVAILABLE or DATA_LOSS.

  static AppendResult NotAppended(absl::Status why) {
    return {Outcome::kNotAppended, std::move(why)};
  }
};

// A log. Any thread may call Read; all else is for the committer's thread alone.
class CommitLog {
 public:
  virtual ~CommitLog() = default;

  // Returns the newest entry that is known to be in the log; 0 if there is none.
  virtual EntryIndex last() const = 0;
  // Returns the oldest entry that is still there; last() + 1 if there is none.
  virtual EntryIndex first() const = 0;

  // Makes `entry`, whose index is last() + 1, durable. `rows` are what it changes in the store of
  // this node: a log that lies in the store writes them in the same write, any other one puts
  // them into the store, without sync, once the entry is durable.
  virtual AppendResult Append(const Entry& entry, KvBatch rows) = 0;

  // Finds out what became of an append that was kUnknown. After OK the entry is either in the log,
  // which last() then says, or can never come. After an error it is still unknown.
  virtual absl::Status Resolve() = 0;

  // What is to be done about a block that cannot be read; OK leaves it out of its entry.
  using OnDamage = absl::FunctionRef<absl::Status(BlockRef, const absl::Status&)>;
  using Take = absl::FunctionRef<absl::Status(Entry)>;

  // Hands the entries from `after` + 1 to `up_to` to `take`, in their order and with their blocks,
  // but for blocks that were dropped because they lie before `first_hour`. DATA_LOSS if an entry is
  // missing or malformed, else the errors of Kv, `take` and `on_damage`.
  virtual absl::Status Read(EntryIndex after, EntryIndex up_to, Hour first_hour, Take take,
                            OnDamage on_damage) const = 0;

  // Says that nobody needs entries up to `up_to` to open the store, and that no events from
  // before `first_hour` are kept. Entries at the front of the log of which nothing is left may
  // then go.
  virtual absl::Status Trim(EntryIndex up_to, Hour first_hour) = 0;
};

}  // namespace itemized
