// SPDX-License-Identifier: Apache-2.0
// Which calls the spans of a trace come to.

#include "server/otlp/trace_calls.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/otlp/span_maker.h"

namespace itemized::server {
namespace {

using ::testing::Contains;
using ::testing::Pair;
using ::testing::SizeIs;
using enum spans::v1::SpanRole;

TEST(TraceCalls, AreOneForASpanOfAModelBelowItsRoot) {
  KeptSpan root = MakeSpan('r', 0, SPAN_ROLE_OTHER, "handle_request");
  KeptSpan call = WithUsage(MakeSpan('a', 'r', SPAN_ROLE_MODEL, "chat m"), "m", 10, 5);
  call.set_provider("openai");
  call.set_session("s-1");
  const TraceBill bill = Count({call, root});
  ASSERT_THAT(bill.calls, SizeIs(1));
  const Call& made = bill.calls[0].call;
  EXPECT_EQ(made.event_id, "6161616161616161");
  EXPECT_EQ(made.workflow_id, "30313233343536373839616263646566");
  EXPECT_EQ(made.workflow, "handle_request");
  EXPECT_EQ(made.step, "handle_request");
  EXPECT_EQ(made.model, "m");
  EXPECT_EQ(made.provider, "openai");
  EXPECT_EQ(made.time_us, 1'100'000);
  EXPECT_EQ(made.duration_us, 100'000);
  EXPECT_EQ((*made.usage)[UsageClass::kInput], 10);
  EXPECT_THAT(made.attributes, Contains(Pair("session", "s-1")));
  ASSERT_TRUE(bill.completion.has_value());
  EXPECT_EQ(bill.completion->outcome, Outcome::kCompleted);
  EXPECT_EQ(bill.completion->workflow, "handle_request");
}

TEST(TraceCalls, CountTheInnermostOfSpansOfModelsAroundOneAnother) {
  const KeptSpan outer = WithUsage(MakeSpan('o', 0, SPAN_ROLE_MODEL, "outer"), "m", 100, 50);
  const KeptSpan one = WithUsage(MakeSpan('a', 'o', SPAN_ROLE_MODEL, "one"), "m", 60, 20);
  const KeptSpan two = WithUsage(MakeSpan('b', 'o', SPAN_ROLE_MODEL, "two", 2'000), "m", 40, 30);
  const TraceBill bill = Count({outer, one, two});
  ASSERT_THAT(bill.calls, SizeIs(2));
  EXPECT_EQ(bill.calls[0].span, 1U);
  EXPECT_EQ(bill.calls[1].span, 2U);
  EXPECT_THAT(bill.calls[0].merged, ::testing::ElementsAre(0U));
}

TEST(TraceCalls, AreApartWhereAToolOrAnAgentIsBetween) {
  for (const auto role : {SPAN_ROLE_TOOL, SPAN_ROLE_AGENT}) {
    const KeptSpan outer = WithUsage(MakeSpan('o', 0, SPAN_ROLE_MODEL, "outer"), "m", 100, 50);
    const KeptSpan between = MakeSpan('t', 'o', role, "between");
    const KeptSpan inner = WithUsage(MakeSpan('a', 't', SPAN_ROLE_MODEL, "inner"), "m", 60, 20);
    EXPECT_THAT(Count({outer, between, inner}).calls, SizeIs(2));
  }
}

TEST(TraceCalls, WithoutUsageCountOnceAndAsUnknown) {
  const KeptSpan outer = MakeSpan('o', 0, SPAN_ROLE_MODEL, "outer");
  KeptSpan inner = MakeSpan('a', 'o', SPAN_ROLE_MODEL, "inner");
  inner.set_is_error(true);
  const TraceBill bill = Count({outer, inner});
  ASSERT_THAT(bill.calls, SizeIs(1));
  EXPECT_EQ(bill.calls[0].span, 1U);
  EXPECT_FALSE(bill.calls[0].call.usage.has_value());
  EXPECT_EQ(bill.calls[0].call.status, CallStatus::kError);
  const KeptSpan told = WithUsage(outer, "m", 1, 1);
  EXPECT_EQ(Count({told, inner}).calls[0].span, 0U);
}

KeptSpan OfScope(const std::string& scope, KeptSpan span) {
  span.set_scope(scope);
  return span;
}

TEST(TraceCalls, AreOneForTwoInstrumentationsThatSawTheSame) {
  const KeptSpan one =
      WithUsage(MakeSpan('a', 'p', SPAN_ROLE_MODEL, "a"), "gpt-4.1-2025-04-14", 10, 5);
  const KeptSpan two =
      OfScope("scope-b", WithUsage(MakeSpan('b', 'p', SPAN_ROLE_MODEL, "b"), "gpt-4.1", 10, 5));
  const TraceBill bill = Count({one, two});
  ASSERT_THAT(bill.calls, SizeIs(1));
  EXPECT_EQ(bill.calls[0].call.model, "gpt-4.1-2025-04-14");
  EXPECT_THAT(bill.calls[0].call.attributes, Contains(Pair("otel.merged_scopes", "scope-b")));
}

TEST(TraceCalls, AreTwoWhereNothingSaysThatTheyAreOne) {
  const KeptSpan one = WithUsage(MakeSpan('a', 'p', SPAN_ROLE_MODEL, "a"), "m", 10, 5);
  const auto count_with = [&](const KeptSpan& other) { return Count({one, other}).calls.size(); };
  const KeptSpan twin =
      OfScope("scope-b", WithUsage(MakeSpan('b', 'p', SPAN_ROLE_MODEL, "b"), "m", 10, 5));
  EXPECT_EQ(count_with(twin), 1U);
  EXPECT_EQ(count_with(OfScope("scope-a", twin)), 2U);
  EXPECT_EQ(count_with(WithUsage(twin, "m", 11, 5)), 2U);
  EXPECT_EQ(count_with(WithUsage(twin, "another", 10, 5)), 2U);
  KeptSpan later = twin;
  later.set_start_unix_ns(1'500 * kMs);
  later.set_end_unix_ns(1'600 * kMs);
  EXPECT_EQ(count_with(later), 2U);
  KeptSpan elsewhere = twin;
  elsewhere.set_resource(7);
  EXPECT_EQ(count_with(elsewhere), 2U);
}

TEST(TraceCalls, AreOneWhereBothNameTheSameAnswer) {
  KeptSpan one = WithUsage(MakeSpan('a', 'p', SPAN_ROLE_MODEL, "a"), "m", 3'510, 5);
  KeptSpan two = OfScope("scope-b", WithUsage(MakeSpan('b', 'p', SPAN_ROLE_MODEL, "b"), "m", 3, 5));
  one.set_response_id("r-1");
  two.set_response_id("r-1");
  ASSERT_THAT(Count({one, two}).calls, SizeIs(1));
  two = OfScope("scope-b", WithUsage(two, "m", 3'510, 5));
  two.set_response_id("r-2");
  EXPECT_THAT(Count({one, two}).calls, SizeIs(2));
}

KeptSpan WithCacheRead(KeptSpan span, int64_t tokens) {
  span.set_usage(static_cast<int>(UsageClass::kCacheRead), tokens);
  return span;
}

TEST(TraceCalls, AreOneWhereASecondInstrumentationLeavesTheCacheOut) {
  const KeptSpan whole =
      WithCacheRead(WithUsage(MakeSpan('a', 'p', SPAN_ROLE_MODEL, "a"), "m", 500, 40), 7'500);
  const auto count_with = [&](int64_t input, int64_t output) {
    const KeptSpan other = WithUsage(MakeSpan('b', 'p', SPAN_ROLE_MODEL, "b"), "m", input, output);
    return Count({OfScope("scope-b", other), whole});
  };
  const TraceBill bill = count_with(500, 40);
  ASSERT_THAT(bill.calls, SizeIs(1));
  EXPECT_EQ((*bill.calls[0].call.usage)[UsageClass::kCacheRead], 7'500);
  EXPECT_THAT(count_with(400, 40).calls, SizeIs(1));  // The rest was written to the cache.
  EXPECT_THAT(count_with(501, 40).calls, SizeIs(2));
  EXPECT_THAT(count_with(500, 41).calls, SizeIs(2));
}

TEST(TraceCalls, AreOneWhereASecondInstrumentationAddsTheBeginningOfAStream) {
  const KeptSpan one = WithUsage(MakeSpan('a', 'p', SPAN_ROLE_MODEL, "a"), "m", 8'000, 40);
  const auto count_with = [&](int64_t input, int64_t output) {
    const KeptSpan other = WithUsage(MakeSpan('b', 'p', SPAN_ROLE_MODEL, "b"), "m", input, output);
    return Count({OfScope("scope-b", other), one}).calls.size();
  };
  EXPECT_EQ(count_with(8'000, 41), 1U);
  EXPECT_EQ(count_with(8'000, 73), 2U);
  EXPECT_EQ(count_with(8'001, 41), 2U);
}

TEST(TraceCalls, TakeNoGuessWhereAnotherInstrumentationKnows) {
  const KeptSpan guess =
      OfScope("@traceloop/instrumentation-openai",
              WithUsage(MakeSpan('a', 'p', SPAN_ROLE_MODEL, "chat"), "m-2026", 3, 6));
  const KeptSpan known = WithUsage(MakeSpan('b', 'p', SPAN_ROLE_MODEL, "llm"), "m", 3'510, 200);
  const TraceBill bill = Count({guess, known});
  ASSERT_THAT(bill.calls, SizeIs(1));
  EXPECT_EQ((*bill.calls[0].call.usage)[UsageClass::kInput], 3'510);
  EXPECT_EQ(bill.calls[0].call.model, "m-2026");
  EXPECT_THAT(Count({guess}).calls, SizeIs(1));
}

TEST(TraceCalls, OfTwoCallsSeenTwiceAreTwo) {
  std::vector<KeptSpan> spans;
  for (const char* scope : {"scope-a", "scope-b"}) {
    for (int i = 0; i < 2; ++i) {
      const char id = static_cast<char>('a' + static_cast<int>(spans.size()));
      spans.push_back(OfScope(scope, WithUsage(MakeSpan(id, 'p', SPAN_ROLE_MODEL, "x",
                                                        static_cast<uint64_t>(1'000 + 5 * i)),
                                               "m", 10, 5)));
    }
  }
  EXPECT_THAT(Count(spans).calls, SizeIs(2));
}

TEST(TraceCalls, AreAnAgentsSumIfNothingBelowItIsKnown) {
  KeptSpan agent = WithUsage(MakeSpan('g', 0, SPAN_ROLE_AGENT, "invoke_agent x"), "m", 70, 7);
  agent.set_node("x");
  const TraceBill alone = Count({agent});
  ASSERT_THAT(alone.calls, SizeIs(1));
  EXPECT_TRUE(alone.calls[0].is_aggregate);
  EXPECT_EQ(alone.calls[0].call.step, "x");
  const KeptSpan call = WithUsage(MakeSpan('a', 'g', SPAN_ROLE_MODEL, "chat"), "m", 70, 7);
  const TraceBill both = Count({agent, call});
  ASSERT_THAT(both.calls, SizeIs(1));
  EXPECT_EQ(both.calls[0].span, 1U);
  EXPECT_EQ(both.calls[0].call.step, "x");
}

TEST(TraceCalls, AreNotCountedAgainByWhatIsWithinThem) {
  const KeptSpan call = WithUsage(MakeSpan('a', 0, SPAN_ROLE_MODEL, "sdk"), "m", 70, 7);
  const KeptSpan request = WithUsage(MakeSpan('s', 'a', SPAN_ROLE_OTHER, "POST"), "m", 70, 7);
  EXPECT_THAT(Count({call, request}).calls, SizeIs(1));
  const KeptSpan agent = WithUsage(MakeSpan('g', 'a', SPAN_ROLE_AGENT, "agent"), "m", 70, 7);
  EXPECT_THAT(Count({call, agent}).calls, SizeIs(2));
}

TEST(TraceCalls, AreOfTheNearestToolAgentOrNode) {
  KeptSpan agent = MakeSpan('g', 0, SPAN_ROLE_AGENT, "invoke_agent");
  agent.set_node("researcher");
  KeptSpan tool = MakeSpan('t', 'g', SPAN_ROLE_TOOL, "execute_tool");
  tool.set_node("search");
  const KeptSpan http = MakeSpan('h', 't', SPAN_ROLE_OTHER, "POST");
  const KeptSpan call = WithUsage(MakeSpan('a', 'h', SPAN_ROLE_MODEL, "chat"), "m", 1, 1);
  const TraceBill bill = Count({agent, tool, http, call});
  EXPECT_EQ(bill.calls[0].call.step, "search");
  EXPECT_EQ(bill.calls[0].call.workflow, "researcher");
}

TEST(TraceCalls, AreWhatOurOwnAttributesSay) {
  KeptSpan root = MakeSpan('r', 0, SPAN_ROLE_OTHER, "root");
  root.set_our_workflow("tickets");
  root.set_our_workflow_id("ticket-7");
  root.set_our_outcome("abandoned");
  root.add_our_unused("draft");
  KeptSpan call = WithUsage(MakeSpan('a', 'r', SPAN_ROLE_MODEL, "chat"), "m", 1, 1);
  call.set_step("function");
  call.set_our_step("planning");
  const TraceBill bill = Count({root, call});
  EXPECT_EQ(bill.calls[0].call.step, "planning");
  EXPECT_EQ(bill.calls[0].call.workflow, "tickets");
  EXPECT_EQ(bill.calls[0].call.workflow_id, "ticket-7");
  EXPECT_EQ(bill.completion->workflow_id, "ticket-7");
  EXPECT_EQ(bill.completion->outcome, Outcome::kAbandoned);
  EXPECT_THAT(bill.completion->unused_steps, ::testing::ElementsAre("draft"));
}

TEST(TraceCalls, TakeTheUsageThatTellsTokensApartBest) {
  KeptSpan outer = WithUsage(MakeSpan('o', 0, SPAN_ROLE_MODEL, "sdk"), "m", 10, 5);
  outer.set_usage(static_cast<int>(UsageClass::kCacheWrite1h), 90);
  const KeptSpan inner = WithUsage(MakeSpan('a', 'o', SPAN_ROLE_MODEL, "server"), "m", 100, 5);
  const TraceBill bill = Count({outer, inner});
  ASSERT_THAT(bill.calls, SizeIs(1));
  EXPECT_EQ(bill.calls[0].span, 1U);
  EXPECT_EQ((*bill.calls[0].call.usage)[UsageClass::kCacheWrite1h], 90);
}

TEST(TraceCalls, AreOfNoStepThatIsOnlyTheWrapperOfAnInstrumentation) {
  const KeptSpan app = MakeSpan('p', 0, SPAN_ROLE_OTHER, "summarise");
  KeptSpan wrapper = MakeSpan('w', 'p', SPAN_ROLE_OTHER, "ai.generateText");
  wrapper.set_is_wrapper(true);
  const KeptSpan call = WithUsage(MakeSpan('a', 'w', SPAN_ROLE_MODEL, "doGenerate"), "m", 1, 1);
  EXPECT_EQ(Count({app, wrapper, call}).calls[0].call.step, "summarise");
  KeptSpan alone = wrapper;
  alone.clear_parent_span_id();
  EXPECT_EQ(Count({alone, call}).calls[0].call.step, "ai.generateText");
}

TEST(TraceCalls, BelowALostSpanAreOfTheRootOfTheTrace) {
  KeptSpan root = MakeSpan('r', 0, SPAN_ROLE_OTHER, "answer_ticket");
  root.set_our_workflow_id("ticket-7");
  KeptSpan call = WithUsage(MakeSpan('a', 'x', SPAN_ROLE_MODEL, "chat m"), "m", 1, 1);
  call.set_service("a service");
  const TraceBill bill = Count({call, root});
  ASSERT_THAT(bill.calls, SizeIs(1));
  EXPECT_EQ(bill.calls[0].call.workflow, "answer_ticket");
  EXPECT_EQ(bill.calls[0].call.workflow_id, "ticket-7");
  EXPECT_EQ(bill.calls[0].call.step, "answer_ticket");
  EXPECT_EQ(Count({call}).calls[0].call.workflow, "a service");
}

TEST(TraceCalls, BelowTheHighestThatAnExporterSendsAreOfAFinishedRun) {
  KeptSpan highest = MakeSpan('h', 'x', SPAN_ROLE_NODE, "answer");
  highest.set_is_highest(true);
  const KeptSpan call = WithUsage(MakeSpan('a', 'h', SPAN_ROLE_MODEL, "chat"), "m", 1, 1);
  const TraceBill bill = Count({call, highest});
  EXPECT_EQ(bill.calls[0].call.workflow, "answer");
  ASSERT_TRUE(bill.completion.has_value());
  EXPECT_EQ(bill.completion->workflow, "answer");
  EXPECT_TRUE(bill.has_root);
  KeptSpan above = MakeSpan('x', 0, SPAN_ROLE_OTHER, "request");  // Another exporter sends it.
  EXPECT_EQ(Count({call, highest, above}).calls[0].call.workflow, "request");
}

TEST(TraceCalls, OfAFailedRootAreOfAFailedRun) {
  KeptSpan root = MakeSpan('r', 0, SPAN_ROLE_OTHER, "root");
  root.set_is_error(true);
  const KeptSpan call = WithUsage(MakeSpan('a', 'r', SPAN_ROLE_MODEL, "chat"), "m", 1, 1);
  EXPECT_EQ(Count({root, call}).completion->outcome, Outcome::kFailed);
  EXPECT_FALSE(Count({call}).completion.has_value());
  EXPECT_FALSE(Count({root}).completion.has_value());  // A trace without a call is no run.
}

TEST(TraceCalls, OfSpansInACircleAreCountedAllTheSame) {
  const KeptSpan one = WithUsage(MakeSpan('a', 'b', SPAN_ROLE_MODEL, "a"), "m", 1, 1);
  const KeptSpan two = MakeSpan('b', 'c', SPAN_ROLE_OTHER, "b");
  const KeptSpan three = MakeSpan('c', 'b', SPAN_ROLE_OTHER, "c");
  EXPECT_THAT(Count({one, two, three}).calls, SizeIs(1));
}

}  // namespace
}  // namespace itemized::server
