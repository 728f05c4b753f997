// SPDX-License-Identifier: Apache-2.0
#include "client/demo/column_batch.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::demo {
namespace {

using ::testing::ElementsAre;

Delivery DeliveryOf(const std::string& id, int64_t time_us, const std::string& step) {
  Delivery delivery;
  delivery.at_us = time_us;
  delivery.call = {.event_id = id,
                   .time_us = time_us,
                   .workflow = "support_ticket",
                   .workflow_id = "run-1",
                   .step = step,
                   .provider = "anthropic",
                   .model = "claude-haiku-4-5",
                   .usage = Usage(),
                   .duration_us = 5,
                   .status = CallStatus::kOk,
                   .attributes = {}};
  return delivery;
}

TEST(ColumnBatch, CallsBecomeRowsOfColumns) {
  ColumnBatch batch;
  Delivery first = DeliveryOf("a", 1000, "planning");
  (*first.call.usage)[UsageClass::kInput] = 420;
  first.call.attributes = {{"tenant", "acme"}};
  Delivery second = DeliveryOf("bcd", 900, "planning");
  second.call.usage.reset();
  second.call.status = CallStatus::kCancelled;
  batch.Add(first);
  batch.Add(second);

  EXPECT_EQ(batch.size(), 2);
  const v1::Batch taken = batch.Take();
  const v1::CallColumns& columns = taken.columns();
  EXPECT_EQ(columns.base_time_unix_us(), 1000);
  EXPECT_THAT(columns.time_offset_us(), ElementsAre(0, -100));
  EXPECT_EQ(columns.event_id_data(), "abcd");
  EXPECT_THAT(columns.event_id_sizes(), ElementsAre(1, 3));
  EXPECT_EQ(columns.step(0), columns.step(1));
  EXPECT_EQ(columns.strings(static_cast<int>(columns.step(0))), "planning");
  EXPECT_THAT(columns.input_tokens(), ElementsAre(420, 0));
  EXPECT_THAT(columns.output_tokens(), ElementsAre()) << "a column of zeros is left out";
  EXPECT_THAT(columns.usage_missing(), ElementsAre(false, true));
  EXPECT_THAT(columns.status(), ElementsAre(v1::CALL_STATUS_OK, v1::CALL_STATUS_CANCELLED));
  EXPECT_THAT(columns.attribute_counts(), ElementsAre(1, 0));
}

TEST(ColumnBatch, CompletionsBecomeEvents) {
  ColumnBatch batch;
  Delivery delivery;
  delivery.is_completion = true;
  delivery.completion = {.time_us = 7,
                         .workflow = "support_ticket",
                         .workflow_id = "run-1",
                         .outcome = Outcome::kShortCircuited,
                         .unused_steps = {"doc_synthesis"}};
  batch.Add(delivery);

  const v1::Batch taken = batch.Take();
  EXPECT_FALSE(taken.has_columns());
  ASSERT_EQ(taken.events_size(), 1);
  const v1::Completion& completion = taken.events(0).completion();
  EXPECT_EQ(completion.outcome(), v1::OUTCOME_SHORT_CIRCUITED);
  EXPECT_THAT(completion.unused_steps(), ElementsAre("doc_synthesis"));
}

TEST(ColumnBatch, TakingStartsANewBatchWithItsOwnDictionary) {
  ColumnBatch batch;
  batch.Add(DeliveryOf("a", 1, "planning"));
  batch.Take();
  EXPECT_EQ(batch.size(), 0);
  batch.Add(DeliveryOf("b", 2, "research"));

  const v1::Batch taken = batch.Take();
  ASSERT_EQ(taken.columns().step_size(), 1);
  EXPECT_EQ(taken.columns().strings(static_cast<int>(taken.columns().step(0))), "research");
}

}  // namespace
}  // namespace itemized::demo
