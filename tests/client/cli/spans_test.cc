// SPDX-License-Identifier: Apache-2.0
// What people see of the spans that a run came as.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void AddSpan(const std::string& name, int32_t depth, pb::SpanPart part, pb::MergeRule rule,
             pb::GetSpansResponse* response) {
  pb::RunSpan& span = *response->add_spans();
  span.set_name(name);
  span.set_scope("ai");
  span.set_depth(depth);
  span.set_start("2026-10-31T00:00:00Z");
  span.set_duration_ms(1'240);
  span.set_part(part);
  span.set_rule(rule);
  if (part == pb::SPAN_PART_COUNTED || part == pb::SPAN_PART_MERGED) {
    span.set_event_id("e-1");
  }
}

void AddRun(pb::GetSpansResponse* response) {
  AddSpan("root", 0, pb::SPAN_PART_UNSPECIFIED, pb::MERGE_RULE_UNSPECIFIED, response);
  AddSpan("chat", 1, pb::SPAN_PART_COUNTED, pb::MERGE_RULE_UNSPECIFIED, response);
  response->mutable_spans(1)->set_cost_usd("0.25");
  response->mutable_spans(1)->set_time_to_first_token_ms(65);
  AddSpan("POST", 2, pb::SPAN_PART_MERGED, pb::MERGE_RULE_SAME_ANSWER, response);
}

TEST(Spans, StandAsATreeWithWhatIsBilled) {
  FakeServer server;
  AddRun(&server.spans.response);
  const std::string out = RunAt(server.address(), {"show", "run-1", "--spans"}, {.width = 140}).out;
  EXPECT_EQ(server.spans.request.workflow_id(), "run-1");
  EXPECT_THAT(out, HasSubstr("\n  chat"));
  EXPECT_THAT(out, HasSubstr("$0.2500  call e-1\n"));
  EXPECT_THAT(out, HasSubstr("\n    POST"));
  EXPECT_THAT(out, HasSubstr("in e-1: same answer\n"));
}

TEST(Spans, SayHowManyTracesAreLeftOff) {
  FakeServer server;
  AddRun(&server.spans.response);
  server.spans.response.set_left_off_traces(2);
  EXPECT_THAT(RunAt(server.address(), {"show", "run-1", "--spans"}).out,
              HasSubstr("The spans of 2 more traces of the run are not shown.\n"));
}

TEST(Spans, AreShownWithoutOptionsThatAreForCalls) {
  FakeServer server;
  for (const char* option : {"--limit=3", "--as-known-at=2026-10-31"}) {
    EXPECT_EQ(RunAt(server.address(), {"show", "run-1", "--spans", option}).exit_status, 2)
        << option;
  }
}

TEST(Spans, OfARunWithoutAnyAreNotThere) {
  FakeServer server;
  EXPECT_THAT(RunAt(server.address(), {"show", "run-1", "--spans"}).out,
              HasSubstr("There are no spans of the run"));
}

TEST(Spans, ExplainTheCallThatTheyTellOf) {
  FakeServer server;
  AddRun(&server.spans.response);
  server.explained.response.mutable_call()->set_event_id("e-1");
  const std::string out = RunAt(server.address(), {"explain", "e-1"}, {.width = 140}).out;
  EXPECT_THAT(out, HasSubstr("Span        chat of scope ai, 1.24 s, first token after 65 ms\n"));
  EXPECT_THAT(out, HasSubstr("Merged      POST of scope ai, 1.24 s, same answer\n"));
  EXPECT_THAT(out, Not(HasSubstr("root")));
}

TEST(Spans, AreLeftOutOfAnExplanationIfTheServerKnowsNone) {
  FakeServer server;
  server.spans.status = grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "No.");
  server.explained.response.mutable_call()->set_event_id("e-1");
  const Outcome outcome = RunAt(server.address(), {"explain", "e-1"});
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_THAT(outcome.out, Not(HasSubstr("Span ")));
}

TEST(Spans, ThatCannotBeAskedForLeaveTheReasonInAnExplanation) {
  FakeServer server;
  server.spans.status = grpc::Status(grpc::StatusCode::DATA_LOSS, "The store is damaged.");
  server.explained.response.mutable_call()->set_event_id("e-1");
  EXPECT_THAT(RunAt(server.address(), {"explain", "e-1"}, {.width = 140}).out,
              HasSubstr("Span        not known: The store is damaged."));
}

}  // namespace
}  // namespace itemized::cli
