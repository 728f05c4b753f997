// SPDX-License-Identifier: Apache-2.0
#pragma once

// This folder turns messages of itemized.v1 into the types of storage and back. It uses storage
// and the messages, and nothing else of server/. This header reads itemized.v1.Batch.
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
#include "storage/usage_shapes/report_tally.h"

namespace itemized::server {

// Refers to the bytes of a message, and keeps them alive.
struct WireBytes {
  absl::string_view bytes;
  std::shared_ptr<const void> owner;
};

// Says where the events of a part are in the batch of their sender.
struct PartPositions {
  // It has the place of each call and then of each completion, or is empty if they stand one
  // behind the other from `first` on.
  std::vector<uint32_t> each;
  uint32_t first = 0;

  uint32_t Of(uint32_t index) const { return each.empty() ? first + index : each[index]; }
};

// Holds events that go to the database together.
struct BatchPart {
  CallColumns calls;                        // They own their memory.
  std::vector<CompletionView> completions;  // They point into that memory.
  PartPositions positions;

  size_t size() const { return calls.size() + completions.size(); }
  EventBatch ToEventBatch() const&;
  // Moves the columns instead of copying them.
  EventBatch ToEventBatch() &&;
};

// Holds what one Batch brought.
struct DecodedBatch {
  size_t events = 0;             // All are counted, also the refused ones.
  std::vector<BatchPart> parts;  // There is at most one of rows and one of columns.
  // The first kRefusalsToldMax of the events that never reach the database are named, by
  // position.
  std::vector<Refusal> refusals;
  UsageReportTally usage_reports;  // It tells of what calls have reported instead of a usage.
};

struct DecodedIngestRequest {
  uint64_t sequence = 0;
  DecodedBatch batch;
  uint64_t content = 0;                // It is a hash of the batch; see DecodeIngestRequest.
  std::optional<ProducerHello> hello;  // If it is set, there is no batch.
};

// Both return INVALID_ARGUMENT if the bytes are no such message. `content` is the same for
// encodings that differ only in the order of attributes: encoders of maps may
// choose another one each time.
absl::StatusOr<DecodedIngestRequest> DecodeIngestRequest(WireBytes message);
absl::StatusOr<DecodedBatch> DecodeWriteRequest(WireBytes message);

}  // namespace itemized::server
