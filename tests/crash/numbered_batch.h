// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches that a writer and its judge, in two processes, make alike from a number.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/model/event_batch.h"

namespace itemized::testing {

struct NumberedBatch {
  uint64_t number = 0;
  std::vector<std::string> runs;  // Each has one call and a completion.
  int64_t tokens = 0;             // Input tokens of each call.

  EventBatch Events() const;
};

// Makes a batch. Most are small; some have so many runs that their checkpoint is written as tables.
NumberedBatch BatchOfNumber(uint64_t number);

// The price that the writer sets with its `nth` change, pico-dollars per token.
int64_t PriceOfNumber(uint64_t nth);

}  // namespace itemized::testing
