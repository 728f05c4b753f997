// SPDX-License-Identifier: Apache-2.0
#pragma once

// Changes to what is in the log already, written as further entries of it:
// retractions, and calls priced again after the rate book has changed.

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/engine/database.h"
#include "storage/engine/state.h"
#include "storage/log/block.h"

namespace itemized {

// Takes calls out. Returns how many of `ids` were in the bill. Committer only.
absl::StatusOr<int64_t> RetractCalls(State* state, const std::vector<CallId>& ids);

// Puts `rates` into the book, durably, and prices again all calls they may
// cover. If the process ends in between, ResumeRepricing does the rest.
// Committer only.
absl::StatusOr<RateChange> ApplyRates(State* state, RateFinder* finder, std::vector<Rate> rates);

// Finishes a repricing that was cut short. To be called after opening.
absl::Status ResumeRepricing(State* state, RateFinder* finder);

}  // namespace itemized
