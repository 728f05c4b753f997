#pragma once

// Turns records into the wire's columns, and the server's answer back into
// sentences about records.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "itemized/v1/ingest.pb.h"

#include "client/cpp/call.h"
#include "client/cpp/call_queue.h"

namespace itemized::client {

struct PackedBatch {
  itemized::v1::Batch batch;          // Completions as events, calls as columns.
  std::vector<RefusedEvent> refused;  // Not in the batch: could not be put on the wire.
};

// Calls without an event id get `id_prefix`, "-" and their number in hex.
PackedBatch Pack(const Chunk& chunk, absl::string_view id_prefix);

// The refusals of `result` with the names of the events of `batch` they are
// about. Refusals that point outside the batch are left out.
std::vector<RefusedEvent> DescribeRefusals(const itemized::v1::Batch& batch,
                                           const itemized::v1::BatchResult& result);

}  // namespace itemized::client
