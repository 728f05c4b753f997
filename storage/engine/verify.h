#pragma once

#include "absl/status/status.h"

#include "storage/engine/state.h"

namespace itemized {

// Folds the whole log into new views and compares every row they would write
// with the one on disk. The views must have been checkpointed. DATA_LOSS names
// the first difference. Committer only.
absl::Status VerifyRows(const State& state);

}  // namespace itemized
