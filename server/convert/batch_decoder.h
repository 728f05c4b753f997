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
#include "itemized/v1/ingest.pb.h"

#include "server/convert/event_decoder.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Bytes of a message, and what keeps them alive.
struct WireBytes {
  absl::string_view bytes;
  std::shared_ptr<const void> owner;
};

// Events that go to the database together.
struct BatchPart {
  CallColumns calls;                        // Own their memory.
  std::vector<CompletionView> completions;  // Views into it.
  // Place in the sender's batch of each call and then of each completion;
  // empty: `first_position` and those after it.
  std::vector<uint32_t> positions;
  uint32_t first_position = 0;

  size_t size() const { return calls.size() + completions.size(); }
  uint32_t PositionOf(uint32_t index) const {
    return positions.empty() ? first_position + index : positions[index];
  }
  EventBatch ToEventBatch() const;
};

// What one Batch held.
struct DecodedBatch {
  size_t events = 0;              // All of them, also those in `refusals`.
  std::vector<BatchPart> parts;   // At most one of rows and one of columns.
  std::vector<Refusal> refusals;  // Settled without the database, the first of them; by position.

  Submission ToSubmission() const;
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

// The answer to a batch before its parts have theirs.
itemized::v1::BatchResult StartResult(const DecodedBatch& batch);

// Adds what the database said about `part`.
void AddPartResult(const BatchPart& part, const BatchResult& result,
                   itemized::v1::BatchResult& answer);

// Puts refusals in the order of the batch, and counts those beyond kRefusalsToldMax instead;
// once, after all parts were added.
void FinishResult(itemized::v1::BatchResult& answer);

}  // namespace itemized::server
