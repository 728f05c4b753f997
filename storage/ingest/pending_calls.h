// SPDX-License-Identifier: Apache-2.0
#pragma once

// The calls that a group stores itself, run by run, so that a repetition within the group is found.

#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "storage/ingest/checked_batch.h"
#include "storage/runs/call_content.h"
#include "storage/runs/run.h"

namespace itemized {

// A call that the group stores. It owns nothing: its content is hashed only if its id comes again.
struct PendingCall {
  const CheckedBatch* batch = nullptr;
  const CallView* view = nullptr;
  SeriesId series{};

  CallContent Content() const;
};

// The calls of one run that have an id. Not thread-safe.
class PendingCalls {
 public:
  void Add(EventFingerprint id, const PendingCall& call);

  // Returns the call with this id; null if there is none. The pointer is valid until the next Add.
  const PendingCall* Find(EventFingerprint id) const;

 private:
  std::vector<std::pair<EventFingerprint, PendingCall>> list_;
  absl::flat_hash_map<EventFingerprint, PendingCall> map_;  // All of them, once there are many.
};

}  // namespace itemized
