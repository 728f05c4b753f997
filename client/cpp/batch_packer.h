// SPDX-License-Identifier: Apache-2.0
#pragma once

// Turns records into the wire's columns, and the server's answer back into sentences about records.

#include <string>
#include <vector>

#include "itemized/v1/ingest.pb.h"

#include "client/cpp/call.h"

namespace itemized::client {

struct PackedBatch {
  itemized::v1::Batch batch;          // Completions as events, calls as columns.
  std::vector<RefusedEvent> refused;  // They cannot be put on the wire, so the batch lacks them.
};

// Packs records. Equal chunks give equal bytes, on which sending again relies.
PackedBatch Pack(const Chunk& chunk);

// Returns the refusals of `result`, each with the names of the event of `batch` that it is about.
// Refusals that point outside the batch are left out.
std::vector<RefusedEvent> DescribeRefusals(const itemized::v1::Batch& batch,
                                           const itemized::v1::BatchResult& result);

}  // namespace itemized::client
