// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a sender submits as one: all of it is committed or nothing.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/model/event_batch.h"

namespace itemized {

// Random bytes that a producer, one writer with one sequence of batches, made once.
using ProducerId = std::array<uint8_t, 16>;

// How a producer presents itself. The fields are those of itemized.v1.Hello.
struct ProducerHello {
  ProducerId id{};
  uint64_t epoch = 1;
  uint64_t acknowledged_sequence = 0;
};

// What the database holds of a producer when its session begins.
struct ProducerSession {
  uint64_t session = 0;        // Names the session.
  uint64_t last_sequence = 0;  // The newest batch of this epoch that is on disk; 0 if none is.
  // The session lasts until the last copy of the lease is gone, or until the producer begins
  // another one. The lease may outlive the database.
  std::shared_ptr<const void> lease;
};

// Where a batch stands in the sequence of its producer.
struct BatchPosition {
  ProducerId producer{};
  uint64_t session = 0;
  uint64_t sequence = 0;  // Batches are numbered from 1.
  uint64_t content = 0;   // A hash of all that the producer sent under this number.
};

// What a protocol keeps beside calls, so that it knows what it has made calls of: bytes that storage
// does not look into, under a key of 1 to 64 bytes. A later one takes the place of an earlier one.
struct Note {
  std::string key;
  std::string value;
  int64_t time_us = 0;  // It is dropped with the events of this instant.

  bool operator==(const Note&) const = default;
};

struct Submission {
  std::vector<EventBatch> parts;
  // Stored calls that are taken out in the same commit, before the parts are looked at. A call that
  // is not there, or no longer kept, is passed over.
  std::vector<CallId> retractions = {};
  std::vector<Note> notes = {};  // They are committed with the rest; their keys differ.
  // A submission without a position is no producer's: each event is known by its id alone.
  std::optional<BatchPosition> position = std::nullopt;

  // How many events, retractions and notes it has.
  size_t size() const {
    size_t events = retractions.size() + notes.size();
    for (const EventBatch& part : parts) {
      events += part.size();
    }
    return events;
  }
};

// One result for each part of a submission.
using SubmissionResult = std::vector<BatchResult>;

// Is called once with what became of a submission, from any thread, and must not block.
using SubmitDone = std::function<void(absl::StatusOr<SubmissionResult>)>;

}  // namespace itemized
