// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/base/time.h"
#include "storage/kv/kv.h"
#include "storage/log/commit_log.h"
#include "storage/store/database_options.h"
#include "storage/store/state.h"

namespace itemized {

// Makes a second store out of the entries of a log, in memory. It begins on the committer's
// thread, where it notes how far the log goes; from then on any thread may use it while the
// database goes on. While it lives, retention drops nothing of the log.
class LogReplay {
 public:
  // `state` outlives it, and the stores that it makes.
  explicit LogReplay(const State& state);

  EntryIndex first() const { return first_; }  // The first entry of the log, and the last one.
  EntryIndex last() const { return last_; }
  // Blocks of hours before this one are no longer in the log.
  Hour first_hour() const { return first_hour_; }
  const std::shared_ptr<const void>& pin() const { return pin_; }

  // Makes the store to which the entries are applied, and is spent then. The store is empty; if the
  // log has dropped entries at its front, it begins with what `state` says of names, rates and
  // first hours. All of its runs stay in memory. The clock of `options` is the only one of them
  // that is used. Errors are those of Kv, and DATA_LOSS.
  absl::StatusOr<std::unique_ptr<State>> NewStore(const DatabaseOptions& options);

  // Reads all entries, as CommitLog::Read does.
  absl::Status Read(CommitLog::Take take, CommitLog::OnDamage on_damage) const {
    return log_.Read(first_ - 1, last_, first_hour_, take, on_damage);
  }

 private:
  const std::shared_ptr<const void> pin_;
  Kv& kv_;
  const CommitLog& log_;
  const EntryIndex first_;
  const EntryIndex last_;
  const Hour first_hour_;
  std::unique_ptr<KvIterator> known_;  // Family::kMeta, which the store begins with if first_ > 1.
};

// Whether no entry sets this row of Family::kMeta: it is an entry itself, the version, or how far
// time has gone by for this server.
bool IsNotOfEntries(absl::string_view key);

}  // namespace itemized
