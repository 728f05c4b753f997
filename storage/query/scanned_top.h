// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rankings for which the log is read, since no view has what tells their calls apart.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/query/admitted_keys.h"
#include "storage/query/call_source.h"
#include "storage/query/call_totals.h"
#include "storage/query/log_scan.h"
#include "storage/query/query_context.h"
#include "storage/query/query_types.h"
#include "storage/query/snapshot.h"

namespace itemized {

struct ScannedGroup {
  CallTotals calls;
  Picos unsurfaced = 0;
};
// The groups by key.
using ScannedGroups = absl::node_hash_map<std::string, ScannedGroup>;

// Not thread-safe.
class ScannedTop {
 public:
  // Opens the log. `query` and `source`, which is of that query, outlive it; so need not the
  // snapshot. Errors as BlockStore::OpenHours.
  static absl::StatusOr<ScannedTop> Open(const QueryContext& context, const Snapshot& snapshot,
                                         const TopQuery& query, const CallSource& source,
                                         const Cancellation* cancellation);
  ScannedTop(ScannedTop&&) noexcept;
  ScannedTop& operator=(ScannedTop&&) noexcept;
  ~ScannedTop();

  // Reads the log with several threads; it is spent then. If there are very many keys, the calls of
  // some are in kOtherName. `cancellation` may be null.
  absl::StatusOr<ScannedGroups> Read(const Cancellation* cancellation) &&;

 private:
  class Worker;

  explicit ScannedTop(LogScan log);
  void AddRest(ScannedGroups* groups);

  LogScan log_;
  std::unique_ptr<AdmittedKeys> keys_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // What all calls come to, if the workers are given those alone that have the attribute.
  std::optional<ScannedGroup> all_;
};

}  // namespace itemized
