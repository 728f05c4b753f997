// SPDX-License-Identifier: Apache-2.0
#pragma once

// A decoded batch goes to the database as a submission, and what became of that goes back to
// the sender as itemized.v1.BatchResult. Every protocol that brings batches of itemized.v1 uses
// these two functions.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/ingest.pb.h"

#include "server/convert/batch_decoder.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Keeps of a batch what the answer to its sender needs while the database has the events.
struct BatchOutline {
  int64_t refused = 0;               // These events never reach the database.
  std::vector<Refusal> refusals;     // The first of them are named, by position.
  std::vector<PartPositions> parts;  // Each part of the submission has one.
};

struct OutlinedSubmission {
  Submission submission;  // It has no position.
  BatchOutline outline;
};

// Takes the events out of `batch`. Columns are moved, not copied.
OutlinedSubmission ToSubmission(DecodedBatch batch);

// Makes the answer to a batch of which the database said `result`: counts of all of its events,
// and the first kRefusalsToldMax refusals, whoever refused them, by their places in the
// sender's batch. An error of `result` is passed on.
absl::StatusOr<itemized::v1::BatchResult> ToBatchResult(
    const BatchOutline& outline, const absl::StatusOr<SubmissionResult>& result);

}  // namespace itemized::server
