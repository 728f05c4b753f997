// SPDX-License-Identifier: Apache-2.0
#include "server/convert/batch_result.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "storage/base/check.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

void AddRefusal(uint32_t position, const Refusal& refusal, pb::BatchResult& answer) {
  pb::Refusal* added = answer.add_refusals();
  added->set_index(position);
  added->set_code(static_cast<pb::RefusalCode>(refusal.code));
  added->set_message(refusal.message);
}

// Tells what the decoder refused; the parts add theirs.
pb::BatchResult StartResult(const BatchOutline& outline) {
  pb::BatchResult answer;
  answer.set_refused(outline.refused);
  for (const Refusal& refusal : outline.refusals) {
    AddRefusal(refusal.index, refusal, answer);
  }
  return answer;
}

void AddPart(const PartPositions& positions, const BatchResult& result, pb::BatchResult& answer) {
  answer.set_accepted(answer.accepted() + result.accepted);
  answer.set_duplicate(answer.duplicate() + result.duplicate);
  answer.set_refused(answer.refused() + result.refused());
  answer.set_conflict(answer.conflict() + result.conflicts_omitted);
  for (const Refusal& refusal : result.refusals) {
    answer.set_conflict(answer.conflict() + (refusal.code == RefusalCode::kConflict ? 1 : 0));
    AddRefusal(positions.Of(refusal.index), refusal, answer);
  }
}

// Puts refusals in the order of the batch, and counts those beyond kRefusalsToldMax instead.
void FinishResult(pb::BatchResult& answer) {
  std::sort(answer.mutable_refusals()->begin(), answer.mutable_refusals()->end(),
            [](const pb::Refusal& a, const pb::Refusal& b) { return a.index() < b.index(); });
  if (answer.refusals_size() > static_cast<int>(kRefusalsToldMax)) {
    answer.mutable_refusals()->DeleteSubrange(
        kRefusalsToldMax, answer.refusals_size() - static_cast<int>(kRefusalsToldMax));
  }
  const bool stands_for_all =
      answer.refusals_size() == 1 && answer.refusals(0).code() == pb::REFUSAL_CODE_BATCH_TOO_LARGE;
  answer.set_refusals_omitted(stands_for_all ? 0 : answer.refused() - answer.refusals_size());
}

}  // namespace

OutlinedSubmission ToSubmission(DecodedBatch batch) {
  OutlinedSubmission outlined;
  BatchOutline& outline = outlined.outline;
  outline.refused = static_cast<int64_t>(batch.events);
  outline.refusals = std::move(batch.refusals);
  for (BatchPart& part : batch.parts) {
    outline.refused -= static_cast<int64_t>(part.size());
    outline.parts.push_back(std::move(part.positions));
    outlined.submission.parts.push_back(std::move(part).ToEventBatch());
  }
  return outlined;
}

absl::StatusOr<pb::BatchResult> ToBatchResult(const BatchOutline& outline,
                                              const absl::StatusOr<SubmissionResult>& result) {
  if (!result.ok()) {
    return result.status();
  }
  CHECK(result->size() == outline.parts.size());
  pb::BatchResult answer = StartResult(outline);
  for (size_t i = 0; i < outline.parts.size(); ++i) {
    AddPart(outline.parts[i], (*result)[i], answer);
  }
  FinishResult(answer);
  return answer;
}

}  // namespace itemized::server
