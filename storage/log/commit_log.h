// SPDX-License-Identifier: Apache-2.0
#pragma once

// The log: entries in one order, of which everything else is a fold. This interface is what an
// engine for a replicated log implements; LocalLog (local_log.h) keeps it in the store itself.
// May use the folders before it: block, catalog, pricing, kv.

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
    kNotAppended,  // It is not in the log and will never be. Another may be tried at once.
    kUnknown,      // Nobody can tell yet. Resolve finds out, and no append succeeds before that.
    kFenced,       // Somebody else writes this log now. No further append of this writer succeeds.
  };
  Outcome outcome = Outcome::kAppended;
  absl::Status status;  // Why, if it is not kAppended; for senders: UNAVAILABLE or DATA_LOSS.

  static AppendResult NotAppended(absl::Status why) {
    return {Outcome::kNotAppended, std::move(why)};
  }
};

// Read is for any thread, all else for one: the committer's.
class CommitLog {
 public:
  virtual ~CommitLog() = default;

  // The newest entry that is known to be in the log; 0 if there is none.
  virtual EntryIndex last() const = 0;
  // The oldest one that is still there; last() + 1 if there is none.
  virtual EntryIndex first() const = 0;

  // Makes `entry`, whose index is last() + 1, durable. `rows` are what it changes in the store of
  // this node: a log that lies in the store writes them in the same write, any other one puts
  // them into the store, without sync, once the entry is durable.
  virtual AppendResult Append(const Entry& entry, KvBatch rows) = 0;

  // Finds out what became of an append that was kUnknown: makes sure that it cannot come any more
  // unless it is there, which last() says then. Errors leave it unknown.
  virtual absl::Status Resolve() = 0;

  // What is to be done about a block that cannot be read; OK leaves it out of its entry.
  using OnDamage = absl::FunctionRef<absl::Status(BlockRef, const absl::Status&)>;
  using Take = absl::FunctionRef<absl::Status(Entry)>;

  // Hands over the entries from `after` + 1 to `up_to`, in their order, with their blocks, but
  // for blocks that were dropped because they lie before `first_hour`. DATA_LOSS if an entry is
  // missing or malformed, else the errors of Kv, `take` and `on_damage`.
  virtual absl::Status Read(EntryIndex after, EntryIndex up_to, Hour first_hour, Take take,
                            OnDamage on_damage) const = 0;

  // Says that nobody needs entries up to `up_to` to open the store, and that no events from
  // before `first_hour` are kept. Entries at the front of the log of which nothing is left may
  // then go.
  virtual absl::Status Trim(EntryIndex up_to, Hour first_hour) = 0;
};

}  // namespace itemized
