// SPDX-License-Identifier: Apache-2.0
#pragma once

// This header reads itemized.v1.CallColumns from its bytes.

#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

#include "storage/model/event_batch.h"

namespace itemized::server {

class WireReader;

// Holds the columns that were read. Memory is bounded whatever the bytes say: of an array
// longer than a batch may be, only the beginning is kept, and the true number of rows counted.
// Not thread-safe.
class DecodedColumns {
 public:
  // Adds what `bytes` hold, merging as protobuf does. Returns false if they are malformed.
  bool Merge(absl::string_view bytes);

  // Counts the rows that the bytes name, which may be more than are kept.
  size_t rows() const { return rows_; }

  // Gives every name column that was left out the empty name in each row.
  void FillNames();

  // Returns columns over the memory of this object, which they do not own.
  CallColumns Columns() const;

 private:
  bool MergeField(const WireReader& reader);
  bool MergeNumbers(const WireReader& reader);
  bool MergeTimes(const WireReader& reader);
  std::vector<uint32_t>* IndexColumn(uint32_t number);

  size_t rows_ = 0;
  std::vector<absl::string_view> strings_;
  int64_t base_time_us_ = 0;
  std::vector<int64_t> time_offset_us_;
  absl::string_view event_id_data_;
  std::vector<uint32_t> event_id_sizes_;
  std::vector<uint32_t> workflow_, workflow_id_, step_, provider_, model_;
  std::array<std::vector<int64_t>, kUsageClassCount> usage_;
  absl::InlinedVector<bool, 1> usage_missing_;
  std::vector<uint32_t> revision_;
  std::vector<int64_t> duration_us_;
  std::vector<int32_t> status_;
  std::vector<uint32_t> attribute_counts_, attribute_keys_, attribute_values_;
};

}  // namespace itemized::server
