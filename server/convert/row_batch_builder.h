// SPDX-License-Identifier: Apache-2.0
#pragma once

// This builder gathers single calls into columns for the database.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

#include "server/convert/event_decoder.h"
#include "storage/model/event_batch.h"

namespace itemized::server {

// Numbers names. The same name gets the same index nearly always: a small
// cache finds most repetitions at a fraction of the price of a full look-up. What it
// misses is looked up once more by the committer, which has less time.
class NameTable {
 public:
  uint32_t IndexOf(absl::string_view name);
  const std::vector<absl::string_view>& names() const { return names_; }

 private:
  static constexpr size_t kSlots = 2'048;  // It is a power of two; some batches have 500 runs.
  static constexpr size_t kProbes = 4;

  std::vector<absl::string_view> names_;
  std::array<uint32_t, kSlots> slots_{};  // A slot has the index + 1, or 0 if it is free.
};

// Collects the rows of one batch. Names stay views into the decoded bytes. A column in
// which every row is zero is left out. Not thread-safe.
class RowBatchBuilder {
 public:
  void Add(const WireCall& call);
  size_t size() const { return time_us_.size(); }

  // Returns columns over the memory of this object, which they do not own.
  CallColumns Columns() const;

 private:
  void AddUsage(const WireCall& call);
  void AddAttributes(const WireCall& call);

  NameTable names_;
  std::vector<int64_t> time_us_;
  std::string event_id_data_;
  std::vector<uint32_t> event_id_sizes_;
  std::vector<uint32_t> workflow_, workflow_id_, step_, provider_, model_;
  std::array<std::vector<int64_t>, kUsageClassCount> usage_;
  absl::InlinedVector<bool, 1> usage_missing_, usage_unknown_;
  std::vector<absl::string_view> reported_usage_;
  std::vector<int64_t> reported_cost_;
  std::vector<int64_t> duration_us_;
  std::vector<int32_t> status_;
  std::vector<uint32_t> revision_;
  std::vector<uint32_t> attribute_counts_, attribute_keys_, attribute_values_;
};

}  // namespace itemized::server
