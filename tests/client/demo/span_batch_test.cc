// SPDX-License-Identifier: Apache-2.0
#include "client/demo/span_batch.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::demo {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Delivery CallOf(const std::string& run, const std::string& id) {
  Delivery delivery;
  delivery.call = {.event_id = id,
                   .time_us = 2'000'000,
                   .workflow = "support_ticket",
                   .workflow_id = run,
                   .step = "planning",
                   .provider = "anthropic",
                   .model = "claude-haiku-4-5",
                   .usage = Usage(),
                   .duration_us = 500'000,
                   .status = CallStatus::kOk,
                   .attributes = {{"tenant", "acme"}}};
  return delivery;
}

TEST(SpanBatch, HasASpanForEachDelivery) {
  SpanBatch batch;
  batch.Add(CallOf("run-1", "a"));
  Delivery end;
  end.is_completion = true;
  end.completion = {.time_us = 3'000'000,
                    .workflow = "support_ticket",
                    .workflow_id = "run-1",
                    .outcome = Outcome::kShortCircuited,
                    .unused_steps = {"planning"}};
  batch.Add(end);
  EXPECT_EQ(batch.size(), 2);
  const std::string spans = batch.Take().resource_spans(0);
  for (const char* text : {"chat claude-haiku-4-5", "gen_ai.agent.name", "planning", "app.customer",
                           "acme", "itemized.unused", "short_circuited", "service.name"}) {
    EXPECT_THAT(spans, HasSubstr(text));
  }
  EXPECT_EQ(batch.size(), 0);
}

TEST(SpanBatch, ACallWithoutUsageHasNoCounts) {
  SpanBatch batch;
  Delivery delivery = CallOf("run-1", "a");
  delivery.call.usage.reset();
  batch.Add(delivery);
  EXPECT_THAT(batch.Take().resource_spans(0), Not(HasSubstr("gen_ai.usage")));
}

TEST(SpanBatch, EqualDeliveriesAreEqualSpans) {
  std::vector<std::string> made;
  for (const auto& [run, id] : std::vector<std::pair<std::string, std::string>>{
           {"run-1", "a"}, {"run-1", "a"}, {"run-1", "b"}, {"run-2", "a"}}) {
    SpanBatch batch;
    batch.Add(CallOf(run, id));
    made.push_back(batch.Take().resource_spans(0));
  }
  EXPECT_EQ(made[0], made[1]);
  EXPECT_NE(made[0], made[2]);
  EXPECT_NE(made[0], made[3]);
}

}  // namespace
}  // namespace itemized::demo
