// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whoever wants to hear of outliers as they come is told here, commit by commit. The question about
// outliers is by the time of calls; this is by their arrival, so that a late call is told too.

#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/types/span.h"

#include "storage/base/mutex.h"
#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/model/call.h"

namespace itemized {

class OutlierListener {
 public:
  virtual ~OutlierListener() = default;

  // Whether anybody listens; while nobody does, a commit costs nothing more. Called from any
  // thread.
  virtual bool IsListening() const = 0;

  // Takes the calls of one commit that are outliers and were not before: as they arrive, as a new
  // revision of theirs arrives, or as a rate first prices them. `left_out` counts those beyond
  // NewOutliers::kOfACommitMax. Called from the thread that commits, which waits for it.
  virtual void TakeOutliers(std::vector<BilledCall> outliers, int64_t left_out) = 0;
};

// Thread-safe.
class NewOutliers {
 public:
  // So many outliers of one commit are told. It takes some milliseconds to make them.
  static constexpr size_t kOfACommitMax = 4'096;

  // `listener` outlives this, or the next call of Listen, which waits until it is no longer called.
  void Listen(OutlierListener* listener);

  // Tells of the outliers among `blocks`, which are those of one commit and have been folded. The
  // caller holds the lock of the catalog.
  void Fold(absl::Span<const Block> blocks, const Catalog& catalog);

 private:
  Mutex mutex_;
  OutlierListener* listener_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace itemized
