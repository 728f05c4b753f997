// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"

#include "client/cpp/call.h"
#include "client/cpp/spool/spool.h"

namespace itemized::client {

// The records of `batch`, as far as they can be read. Errors: DATA_LOSS if that is
// not all of them.
absl::Status ReadBatch(const SpooledBatch& batch, Chunk* chunk);

}  // namespace itemized::client
