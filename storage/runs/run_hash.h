// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"

namespace itemized {

// The 128 bits of XXH3 of a workflow_id, which no two runs share for all practical purposes.
using RunHash = std::pair<uint64_t, uint64_t>;
RunHash HashRun(absl::string_view workflow_id);

// Hashes a RunHash, of which any 64 bits will do.
struct RunHashHash {
  size_t operator()(const RunHash& hash) const { return hash.first; }
};

}  // namespace itemized
