// SPDX-License-Identifier: Apache-2.0
#pragma once

// itemized.v1.Batch, from bytes on the wire to what the database takes.
//
// The generated parser is not used here: it refuses a whole message when one
// string of it is not UTF-8, whereas a bad event must cost only itself. This
// one hands names on as views into the message and leaves their validation to
// the database. Its memory is a small multiple of the message's size.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/convert/event_decoder.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Bytes of a message, and what keeps them alive.
struct WireBytes {
  absl::string_view bytes;
  std::shared_ptr<const void> owner;
};

// Where the events of a part are in the batch of their sender.
struct PartPositions {
  // The place of each call and then of each completion; empty if they stand one behind the
  // other from `first` on.
  std::vector<uint32_t> each;
  uint32_t first = 0;

  uint32_t Of(uint32_t index) const { return each.empty() ? first + index : each[index]; }
};

// Events that go to the database together.
struct BatchPart {
  CallColumns calls;                        // They own their memory.
  std::vector<CompletionView> completions;  // Views into that memory.
  PartPositions positions;

  size_t size() const { return calls.size() + completions.size(); }
  EventBatch ToEventBatch() const&;
  // The same, without a copy of the columns.
  EventBatch ToEventBatch() &&;
};

// What one Batch held.
struct DecodedBatch {
  size_t events = 0;             // All of them, also the refused ones.
  std::vector<BatchPart> parts;  // At most one of rows and one of columns.
  // The first kRefusalsToldMax events that never reach the database; by position.
  std::vector<Refusal> refusals;
};

struct DecodedIngestRequest {
  uint64_t sequence = 0;
  DecodedBatch batch;
  uint64_t content = 0;                // A hash of the batch, see DecodeIngestRequest.
  std::optional<ProducerHello> hello;  // Then there is no batch.
};

// INVALID_ARGUMENT if the bytes are no such message. `content` is the same for
// encodings that differ only in the order of attributes: encoders of maps may
// choose another one each time.
absl::StatusOr<DecodedIngestRequest> DecodeIngestRequest(WireBytes message);
absl::StatusOr<DecodedBatch> DecodeWriteRequest(WireBytes message);

}  // namespace itemized::server
