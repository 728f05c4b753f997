// SPDX-License-Identifier: Apache-2.0
#pragma once

// A decoded batch on its way to the database, and what became of it on its way back to the
// sender. Every protocol that brings batches of itemized.v1 uses these two functions.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/ingest.pb.h"

#include "server/convert/batch_decoder.h"
#include "storage/model/submission.h"

namespace itemized::server {

// What is known of a batch beside its events: all that the answer to its sender needs while
// the database has those.
struct BatchOutline {
  int64_t refused = 0;               // Events that never reach the database.
  std::vector<Refusal> refusals;     // The first of these; by position.
  std::vector<PartPositions> parts;  // One for each part of the submission.
};

struct OutlinedSubmission {
  Submission submission;  // It has no position.
  BatchOutline outline;
};

// Columns are moved, not copied.
OutlinedSubmission ToSubmission(DecodedBatch batch);

// The answer to a batch, of which the database said `result`: counts of all of its events,
// and the first kRefusalsToldMax refusals, whoever refused them, by their places in the
// sender's batch. The error of `result` is passed on.
absl::StatusOr<itemized::v1::BatchResult> ToBatchResult(
    const BatchOutline& outline, const absl::StatusOr<SubmissionResult>& result);

}  // namespace itemized::server
