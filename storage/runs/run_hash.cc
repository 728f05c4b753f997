// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/run_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {

RunHash HashRun(absl::string_view workflow_id) {
  const XXH128_hash_t hash = XXH3_128bits(workflow_id.data(), workflow_id.size());
  return {hash.high64, hash.low64};
}

}  // namespace itemized
