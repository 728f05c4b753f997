// SPDX-License-Identifier: Apache-2.0
#include "server/convert/batch_result.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::ElementsAre;

OutlinedSubmission Outline(const pb::Batch& batch) {
  pb::WriteRequest request;
  *request.mutable_batch() = batch;
  const auto bytes = std::make_shared<const std::string>(request.SerializeAsString());
  return ToSubmission(*DecodeWriteRequest({*bytes, bytes}));
}

TEST(BatchResult, RefusalsOfTheDatabaseAreMappedToPlacesInTheBatch) {
  pb::Batch batch;
  batch.add_events()->mutable_completion()->set_workflow_id("run");  // 0
  batch.add_events()->mutable_call()->set_step("a");                 // 1
  batch.add_events();                                                // 2
  batch.add_events()->mutable_call()->set_step("b");                 // 3
  batch.mutable_columns()->add_time_offset_us(1);                    // 4
  batch.mutable_columns()->add_time_offset_us(2);                    // 5
  const OutlinedSubmission sent = Outline(batch);
  ASSERT_EQ(sent.submission.parts.size(), 2u);
  EXPECT_EQ(sent.submission.size(), 5u);

  // The rows lose the second call and the completion, the columns their last row.
  BatchResult rows;
  rows.duplicate = 1;
  rows.refusals.push_back({1, RefusalCode::kMissingField, "b"});
  rows.refusals.push_back({2, RefusalCode::kInvalidEnum, "outcome"});
  BatchResult columns;
  columns.accepted = 1;
  columns.refusals.push_back({1, RefusalCode::kTimeOutOfRange, "late"});
  const pb::BatchResult answer = *ToBatchResult(sent.outline, SubmissionResult{rows, columns});

  std::vector<uint32_t> indices;
  std::vector<std::string> messages;
  for (const pb::Refusal& refusal : answer.refusals()) {
    indices.push_back(refusal.index());
    messages.push_back(refusal.message());
  }
  EXPECT_THAT(indices, ElementsAre(0, 2, 3, 5));
  EXPECT_EQ(messages[0], "outcome");
  EXPECT_EQ(messages[2], "b");
  EXPECT_EQ(answer.refusals(3).code(), pb::REFUSAL_CODE_TIME_OUT_OF_RANGE);
  EXPECT_EQ(answer.accepted(), 1);
  EXPECT_EQ(answer.duplicate(), 1);
  EXPECT_EQ(answer.refused(), 4);
}

TEST(BatchResult, ABatchThatIsTooLargeHasOneRefusalForAllOfItsEvents) {
  pb::Batch batch;
  for (size_t i = 0; i <= kBatchEventsMax; ++i) {
    batch.add_events()->mutable_call();
  }
  const OutlinedSubmission sent = Outline(batch);
  EXPECT_EQ(sent.submission.size(), 0u);
  const pb::BatchResult answer = *ToBatchResult(sent.outline, SubmissionResult());
  EXPECT_EQ(answer.refused(), static_cast<int64_t>(kBatchEventsMax) + 1);
  EXPECT_EQ(answer.refusals_size(), 1);
  EXPECT_EQ(answer.refusals_omitted(), 0);
}

TEST(BatchResult, AnErrorOfTheDatabaseIsPassedOn) {
  pb::Batch batch;
  batch.add_events()->mutable_call();
  const OutlinedSubmission sent = Outline(batch);
  EXPECT_EQ(ToBatchResult(sent.outline, absl::UnavailableError("disk")).status(),
            absl::UnavailableError("disk"));
}

// What the decoder refuses and what the database refuses have one limit together.
TEST(BatchResult, TheFirstRefusalsAreToldInTheOrderOfTheSenderAndTheOthersCounted) {
  pb::Batch batch;
  for (int i = 0; i < 300; ++i) {
    batch.add_events();                                                // 3 i
    batch.add_events()->mutable_completion()->set_workflow_id("run");  // 3 i + 1
    batch.add_events()->mutable_call()->set_step("a");                 // 3 i + 2
  }
  const OutlinedSubmission sent = Outline(batch);
  EXPECT_EQ(sent.outline.refusals.size(), kRefusalsToldMax);
  ASSERT_EQ(sent.submission.parts.size(), 1u);
  BatchResult rows;
  for (uint32_t i = 0; i < 600; ++i) {
    AddRefusal({i, i < 300 ? RefusalCode::kConflict : RefusalCode::kInvalidEnum, "bad"}, 300,
               &rows);
  }
  const pb::BatchResult answer = *ToBatchResult(sent.outline, SubmissionResult{rows});
  EXPECT_EQ(answer.refused(), 900);
  EXPECT_EQ(answer.conflict(), 300);
  EXPECT_EQ(answer.refusals_omitted(), 800);
  ASSERT_EQ(answer.refusals_size(), static_cast<int>(kRefusalsToldMax));
  for (int i = 0; i < answer.refusals_size(); ++i) {
    EXPECT_EQ(answer.refusals(i).index(), static_cast<uint32_t>(i));
  }
}

}  // namespace
}  // namespace itemized::server
