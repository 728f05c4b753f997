// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/cost_trace.h"

#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/cpp/fake_ingest_server.h"

namespace itemized::client {
namespace {

using ::testing::IsEmpty;

class FixedClock final : public Clock {
 public:
  int64_t NowUs() const override { return 1'700'000'000'000'123; }
};

class CostTraceTest : public testing::Test {
 protected:
  // Waits for what was recorded and returns the only call of it.
  pb::Call OnlyCall() {
    EXPECT_TRUE(tracer_.Flush(absl::Seconds(60)).ok());
    EXPECT_EQ(store_.calls().size(), 1u);
    return store_.calls().at(0);
  }

  FixedClock clock_;
  FakeStore store_;
  FakeIngestServer server_{store_, 0};
  Tracer tracer_{{.address = server_.address(), .clock = &clock_}};
};

TEST_F(CostTraceTest, ReportsWhatItWasGiven) {
  {
    CostTrace trace(
        tracer_, "summarise", "claude-sonnet-4-6", "run-1",
        {.workflow = "support", .provider = "anthropic", .attributes = {{"tenant", "acme"}}});
    trace.usage().input_tokens = 8400;
    trace.usage().output_tokens = 620;
    trace.add_attribute("region", "eu");
  }
  const pb::Call call = OnlyCall();
  EXPECT_EQ(call.step(), "summarise");
  EXPECT_EQ(call.model(), "claude-sonnet-4-6");
  EXPECT_EQ(call.workflow_id(), "run-1");
  EXPECT_EQ(call.workflow(), "support");
  EXPECT_EQ(call.provider(), "anthropic");
  EXPECT_EQ(call.usage().input_tokens(), 8400);
  EXPECT_EQ(call.usage().output_tokens(), 620);
  EXPECT_EQ(call.attributes().at("tenant"), "acme");
  EXPECT_EQ(call.attributes().at("region"), "eu");
  EXPECT_EQ(call.status(), pb::CALL_STATUS_OK);
  EXPECT_FALSE(call.event_id().empty());
}

TEST_F(CostTraceTest, EndsByTheClockAndLastsAsLongAsItsScope) {
  const auto before = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration inner{};
  {
    const CostTrace trace(tracer_, "s", "m", "run");
    const auto inside = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - inside < std::chrono::milliseconds(2)) {
    }
    inner = std::chrono::steady_clock::now() - inside;
  }
  const auto outer = std::chrono::steady_clock::now() - before;
  const pb::Call call = OnlyCall();
  EXPECT_EQ(call.time_unix_us(), 1'700'000'000'000'123);
  EXPECT_GE(std::chrono::microseconds(call.duration_us() + 1), inner);
  EXPECT_LE(std::chrono::microseconds(call.duration_us()), outer);
}

TEST_F(CostTraceTest, WithoutUsageTheUsageIsUnknown) {
  { const CostTrace trace(tracer_, "s", "m", "run"); }
  EXPECT_FALSE(OnlyCall().has_usage());
}

TEST_F(CostTraceTest, UsageOfZeroIsKnown) {
  {
    CostTrace trace(tracer_, "s", "m", "run");
    trace.usage() = Usage{};
  }
  EXPECT_TRUE(OnlyCall().has_usage());
}

TEST_F(CostTraceTest, AnExceptionMakesItAnError) {
  EXPECT_THROW(
      {
        CostTrace trace(tracer_, "s", "m", "run");
        trace.usage().input_tokens = 5;
        throw std::runtime_error("overloaded");
      },
      std::runtime_error);
  const pb::Call call = OnlyCall();
  EXPECT_EQ(call.status(), pb::CALL_STATUS_ERROR);
  EXPECT_EQ(call.usage().input_tokens(), 5);
}

TEST_F(CostTraceTest, ATraceMadeWhileAnotherExceptionUnwindsIsNoError) {
  struct TracesInDestructor {
    Tracer& tracer;
    ~TracesInDestructor() { const CostTrace trace(tracer, "s", "m", "run"); }
  };
  EXPECT_THROW(
      {
        const TracesInDestructor cleanup{tracer_};
        throw std::runtime_error("elsewhere");
      },
      std::runtime_error);
  EXPECT_EQ(OnlyCall().status(), pb::CALL_STATUS_OK);
}

TEST_F(CostTraceTest, AnExplicitStatusStandsThroughAnException) {
  EXPECT_THROW(
      {
        CostTrace trace(tracer_, "s", "m", "run");
        trace.set_status(CallStatus::kCancelled);
        throw std::runtime_error("gave up");
      },
      std::runtime_error);
  EXPECT_EQ(OnlyCall().status(), pb::CALL_STATUS_CANCELLED);
}

TEST_F(CostTraceTest, TheResponseMayNameAnotherModelAndId) {
  {
    CostTrace trace(tracer_, "s", "claude-latest", "run");
    trace.set_model("claude-sonnet-4-6");
    trace.set_event_id("req-1");
  }
  EXPECT_EQ(OnlyCall().model(), "claude-sonnet-4-6");
  EXPECT_EQ(OnlyCall().event_id(), "req-1");
}

TEST_F(CostTraceTest, DiscardReportsNothing) {
  {
    CostTrace trace(tracer_, "s", "m", "run");
    trace.Discard();
  }
  EXPECT_TRUE(tracer_.Flush(absl::Seconds(60)).ok());
  EXPECT_THAT(store_.calls(), IsEmpty());
}

}  // namespace
}  // namespace itemized::client
