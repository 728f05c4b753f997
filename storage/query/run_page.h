// SPDX-License-Identifier: Apache-2.0
#pragma once

// The calls of a run that come next after a position, in memory for one page however many
// the run has.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/query/query_types.h"

namespace itemized {

// Returns about what `billed` takes of memory.
size_t BytesOf(const BilledCall& billed);

// Takes all rows of one hour, in log order, and keeps the first calls behind a position.
// Not thread-safe.
class RunPage {
 public:
  // Has room for at most `calls_max` calls and about `bytes_max` bytes, but one call at least.
  RunPage(const std::optional<RunPosition>& after, size_t calls_max, size_t bytes_max);

  // Adds a block that has rows of the run and no others. The caller holds the lock of the state.
  void Add(const CallRows& rows, const Catalog& catalog);

  // Appends what stands to `calls`, and moves `*position` behind it. True if the hour may
  // have more. To be called once.
  bool Take(std::vector<BilledCall>* calls, std::optional<RunPosition>* position);

  size_t bytes() const { return bytes_taken_; }  // What the calls taken have of memory, about.

 private:
  // Calls that are alike: a row that takes a call out is a copy of that call's.
  struct Alike {
    int64_t count = 0;
    BilledCall call;
    size_t bytes = 0;
  };
  using Kept = std::map<RunKey, Alike>;

  void AddRow(const CallRows& rows, size_t row, const Catalog& catalog);
  void Count(const CallRows& rows, size_t row, const Catalog& catalog, Alike* alike);
  bool IsFull() const { return kept_.size() > calls_max_ || bytes_ > bytes_max_; }
  void Trim();
  // Returns false if there was no room for all.
  bool TakeAlike(const RunKey& key, const Alike& alike, int64_t shown,
                 std::vector<BilledCall>* calls, std::optional<RunPosition>* position);

  const std::optional<RunPosition> after_;
  const size_t calls_max_;
  const size_t bytes_max_;
  Alike at_position_;  // Calls with the position's key, some of which have been shown.
  Kept kept_;
  size_t bytes_ = 0;            // About what `kept_` takes of memory.
  std::optional<RunKey> last_;  // Rows behind it are not kept; those up to it all are.
  size_t taken_ = 0;            // How many calls were taken.
  size_t bytes_taken_ = 0;
};

}  // namespace itemized
