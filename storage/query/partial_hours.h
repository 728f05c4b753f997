// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a question needs to know of the UTC hours of which its window has a part, beyond what
// the views keep of whole hours. Read from the log once, and kept until the
// hour changes.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/runs/outcomes.h"

namespace itemized {

class Snapshot;

// A call whose output no user saw, or with negative picos one taken out again.
struct UnsurfacedCall {
  int64_t time_us = 0;
  SeriesId series{};
  Picos picos = 0;
};

// Thread-safe. `cancellation` may be null.
class PartialHours {
 public:
  // The blocks of `hour`, with kSummingColumns, in the order of the log.
  absl::StatusOr<std::shared_ptr<const std::vector<Block>>> Blocks(
      const Snapshot& snapshot, Hour hour, const Cancellation* cancellation);
  // The unsurfaced calls of `hour` that cost something.
  absl::StatusOr<std::shared_ptr<const std::vector<UnsurfacedCall>>> Unsurfaced(
      const Snapshot& snapshot, Hour hour, const Cancellation* cancellation);
  // The runs whose anchor lies in `hour`.
  absl::StatusOr<std::shared_ptr<const std::vector<RunShare>>> Runs(
      const Snapshot& snapshot, Hour hour, const Cancellation* cancellation);

 private:
  template <typename T>
  using Items = std::shared_ptr<const std::vector<T>>;
  template <typename T>
  struct Kept {
    Hour hour{};
    uint64_t version = 0;  // What the items are of.
    Items<T> items;
  };
  template <typename T>
  using Table = std::vector<Kept<T>>;  // Latest used last.
  template <typename T>
  using Reader =
      std::function<absl::StatusOr<std::vector<T>>(const Snapshot&, Hour, const Cancellation*)>;

  // What `*table` has of `hour`, or what `read` finds. Only the looking up is locked: two
  // that miss the same hour at once both read it.
  template <typename T>
  absl::StatusOr<Items<T>> Get(const Snapshot& snapshot, Hour hour, uint64_t version,
                               const Reader<T>& read, Table<T>* table,
                               const Cancellation* cancellation);
  template <typename T>
  static Items<T> Find(Hour hour, uint64_t version, Table<T>* table);
  template <typename T>
  static void Keep(Kept<T> kept, Table<T>* table);

  Mutex mutex_;  // Guards all tables.
  Table<Block> blocks_;
  Table<UnsurfacedCall> unsurfaced_;
  Table<RunShare> runs_;
};

}  // namespace itemized
