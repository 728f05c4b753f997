// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a question is answered from: the store, and what is kept of earlier answers.

#include "storage/query/new_outliers.h"
#include "storage/query/partial_hours.h"
#include "storage/query/trailing_top.h"
#include "storage/store/state.h"

namespace itemized {

// Thread-safe; its parts say which of them need the lock of the state.
struct QueryContext {
  // Keeps up with what `state_to_read` folds, and is owned by whoever owns that.
  explicit QueryContext(State* state_to_read);
  ~QueryContext();
  QueryContext(const QueryContext&) = delete;
  QueryContext& operator=(const QueryContext&) = delete;

  const State& state;
  mutable TrailingTops trailing;
  mutable PartialHours partial_hours;
  NewOutliers new_outliers;

 private:
  State& watched_;
};

}  // namespace itemized
