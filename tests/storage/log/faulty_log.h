// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"

#include "storage/log/commit_log.h"

namespace itemized::testing {

// What happens to an append.
enum class LogFault {
  kNone,
  kRefused,          // It is not appended.
  kLost,             // Nobody can tell, and it is not appended.
  kAppendedUnknown,  // Nobody can tell, and it is appended.
  kFenced,           // Somebody else writes the log from now on.
};

// Decides the fate of appends. The committer's thread calls both.
struct LogFaults {
  std::function<LogFault(const Entry&)> next = [](const Entry&) { return LogFault::kNone; };
  // How often Resolve fails before it finds out.
  std::function<int()> failed_resolves = [] { return 0; };
};

// Stands before another log, and fails as `faults` says, which outlives it.
class FaultyLog : public CommitLog {
 public:
  FaultyLog(std::unique_ptr<CommitLog> inner, const LogFaults* faults)
      : inner_(std::move(inner)), faults_(*faults), last_(inner_->last()) {}

  EntryIndex last() const override { return last_; }
  EntryIndex first() const override { return inner_->first(); }
  AppendResult Append(const Entry& entry, KvBatch rows) override;
  absl::Status Resolve() override;
  absl::Status Read(EntryIndex after, EntryIndex up_to, Hour first_hour, Take take,
                    OnDamage on_damage) const override {
    return inner_->Read(after, up_to, first_hour, take, on_damage);
  }
  absl::Status Trim(EntryIndex up_to, Hour first_hour) override {
    return inner_->Trim(up_to, first_hour);
  }

 private:
  AppendResult AppendToInner(const Entry& entry, KvBatch rows);
  AppendResult BecomeUnknown();

  const std::unique_ptr<CommitLog> inner_;
  const LogFaults& faults_;
  EntryIndex last_;
  int failing_resolves_ = 0;
  bool is_unknown_ = false;
  bool is_fenced_ = false;
};

}  // namespace itemized::testing
