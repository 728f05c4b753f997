// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "server/convert/batch_decoder.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// What the decoder refuses and what the database refuses have one limit together.
TEST(BatchResult, TheFirstRefusalsAreToldInTheOrderOfTheSenderAndTheOthersCounted) {
  pb::Batch batch;
  for (int i = 0; i < 300; ++i) {
    batch.add_events();                                                // 3 i
    batch.add_events()->mutable_completion()->set_workflow_id("run");  // 3 i + 1
    batch.add_events()->mutable_call()->set_step("a");                 // 3 i + 2
  }
  pb::WriteRequest request;
  *request.mutable_batch() = batch;
  const auto bytes = std::make_shared<const std::string>(request.SerializeAsString());
  const DecodedBatch decoded = *DecodeWriteRequest({*bytes, bytes});
  EXPECT_EQ(decoded.refusals.size(), kRefusalsToldMax);
  ASSERT_EQ(decoded.parts.size(), 1u);
  BatchResult rows;
  for (uint32_t i = 0; i < 600; ++i) {
    AddRefusal({i, i < 300 ? RefusalCode::kConflict : RefusalCode::kInvalidEnum, "bad"}, 300,
               &rows);
  }
  pb::BatchResult answer = StartResult(decoded);
  AddPartResult(decoded.parts[0], rows, answer);
  FinishResult(answer);
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
