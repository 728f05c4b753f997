// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"

#include "client/cpp/call.h"
#include "client/cpp/spool/spool.h"

namespace itemized::client {

// Adds the records of `batch`, as far as they can be read, to `*chunk`. DATA_LOSS if that is not
// all of them.
absl::Status ReadBatch(const SpooledBatch& batch, Chunk* chunk);

}  // namespace itemized::client
