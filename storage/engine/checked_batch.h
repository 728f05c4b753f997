#pragma once

// A batch whose events have been checked one by one: all that can be done
// before its turn comes to be committed.

#include <cstdint>
#include <vector>

#include "storage/engine/column_reader.h"
#include "storage/model/event_batch.h"
#include "storage/views/run.h"

namespace itemized {

struct CheckedCall {
  CallView view;       // Into the batch.
  uint32_t index = 0;  // Of its row.
  EventFingerprint fingerprint = 0;
};

struct CheckedBatch {
  EventBatch batch;
  // Good by themselves; what they cost or repeat is still to be seen.
  std::vector<CheckedCall> calls;
  std::vector<uint32_t> completions;  // Places among those of the batch.
  std::vector<Refusal> refusals;      // Of all others, by rising index.

  // A name of a call; empty for a column that is not there.
  absl::string_view Text(uint32_t name) const {
    return name == BatchReader::kEmptyName ? absl::string_view() : batch.calls.strings[name];
  }
};

// Checks a batch that came at `now_us`.
CheckedBatch CheckBatch(EventBatch batch, int64_t now_us);

// What a sender is told of a batch that is stored already.
BatchResult AllDuplicate(const CheckedBatch& batch);

}  // namespace itemized
