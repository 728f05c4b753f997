// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "storage/log/commit_log.h"

namespace itemized::testing {

// The bytes of all entries of a store, as another node would get them.
class Recording {
 public:
  void Add(const Entry& entry);
  // Decodes the entries in their order.
  absl::Status Replay(absl::FunctionRef<absl::Status(const Entry&)> take) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Encoded {
    std::string entry;
    std::vector<std::string> blocks;
  };
  std::vector<Encoded> entries_;  // The entry of index i + 1 stands at i.
};

// Writes down what is appended to another log. `recording` outlives it.
class RecordedLog : public CommitLog {
 public:
  RecordedLog(std::unique_ptr<CommitLog> inner, Recording* recording)
      : inner_(std::move(inner)), recording_(*recording) {}

  EntryIndex last() const override { return inner_->last(); }
  EntryIndex first() const override { return inner_->first(); }
  AppendResult Append(const Entry& entry, KvBatch rows) override {
    AppendResult result = inner_->Append(entry, std::move(rows));
    if (result.outcome == AppendResult::Outcome::kAppended) {
      recording_.Add(entry);
    }
    return result;
  }
  absl::Status Resolve() override { return inner_->Resolve(); }
  absl::Status Read(EntryIndex after, EntryIndex up_to, Hour first_hour, Take take,
                    OnDamage on_damage) const override {
    return inner_->Read(after, up_to, first_hour, take, on_damage);
  }
  absl::Status Trim(EntryIndex up_to, Hour first_hour) override {
    return inner_->Trim(up_to, first_hour);
  }

 private:
  const std::unique_ptr<CommitLog> inner_;
  Recording& recording_;
};

}  // namespace itemized::testing
