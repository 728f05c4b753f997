// SPDX-License-Identifier: Apache-2.0
#pragma once

// Takes calls that are in the log already out again, by further entries of it.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/model/call.h"
#include "storage/store/state.h"

namespace itemized {

// Takes calls out, and returns how many of `ids` were in the bill. Only the committer's thread
// calls it. Errors are those of State::Commit, and DATA_LOSS if the log lacks a call.
absl::StatusOr<int64_t> RetractCalls(State* state, const std::vector<CallId>& ids);

}  // namespace itemized
