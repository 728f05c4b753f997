// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "itemized/v1/ingest.pb.h"

#include "client/demo/traffic.h"

namespace itemized::demo {

// Collects deliveries into one batch: calls as columns, completions as
// events. Not thread-safe.
class ColumnBatch {
 public:
  void Add(const Delivery& delivery);
  int size() const { return calls_ + batch_.events_size(); }

  // The batch so far; what is added next starts a new one.
  v1::Batch Take();

 private:
  void AddCall(const Call& call);
  void AddUsage(const Call& call);
  void AddCompletion(const Completion& completion);
  uint32_t IndexOf(const std::string& name);

  v1::Batch batch_;
  absl::flat_hash_map<std::string, uint32_t> index_;
  int calls_ = 0;
};

}  // namespace itemized::demo
