// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches with faults that no row can have: wrong indices and lengths.

#include <cstddef>
#include <cstdint>

#include "storage/model/event_batch.h"

namespace itemized::testing {

// Makes the step of `row` an index beyond the strings.
void PointStepNowhere(EventBatch* batch, size_t row);

// Makes the column of durations one element too long.
void AddAStrayDuration(EventBatch* batch);

// Makes the event id sizes add up to more than there is.
void ClaimLongerEventIds(EventBatch* batch);

// Gives every row of the batch this status number.
void SetStatusNumber(EventBatch* batch, int32_t status);

}  // namespace itemized::testing
