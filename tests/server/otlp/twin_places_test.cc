// SPDX-License-Identifier: Apache-2.0
// Which roots of other traces tell of a call that a trace has.

#include "server/otlp/twin_places.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/otlp/span_maker.h"

namespace itemized::server {
namespace {

using enum spans::v1::SpanRole;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

KeptSpan Model(char id, char parent, const std::string& scope, uint64_t start_ms, int64_t input) {
  KeptSpan span = WithUsage(MakeSpan(id, parent, SPAN_ROLE_MODEL, "chat", start_ms), "m", input, 5);
  span.set_scope(scope);
  return span;
}

// Where the roots of these traces belong, as "root>host".
std::vector<std::string> Places(const std::vector<std::vector<KeptSpan>>& spans) {
  std::vector<std::unique_ptr<OpenTrace>> traces;
  std::vector<const OpenTrace*> pointers;
  for (const std::vector<KeptSpan>& of_trace : spans) {
    traces.push_back(
        std::make_unique<OpenTrace>(std::string(16, static_cast<char>(traces.size()))));
    for (const KeptSpan& span : of_trace) {
      EXPECT_TRUE(traces.back()->Add(span));
    }
    pointers.push_back(traces.back().get());
  }
  std::vector<std::string> places;
  for (const TwinPlace& place : PlaceTwins(pointers)) {
    places.push_back((*traces[place.trace])[place.span].span_id().substr(0, 1) + ">" +
                     (*traces[place.host_trace])[place.host_span].span_id().substr(0, 1));
  }
  return places;
}

TEST(TwinPlaces, ARootThatSawTheSameCallBelongsToItsTrace) {
  const std::vector<KeptSpan> run = {MakeSpan('r', 0, SPAN_ROLE_OTHER, "run"),
                                     Model('s', 'r', "a", 1'010, 10)};
  EXPECT_THAT(Places({run, {Model('p', 0, "b", 1'012, 10)}}), ElementsAre("p>s"));
  EXPECT_THAT(Places({{Model('p', 0, "b", 1'012, 10)}, run}), ElementsAre("p>s"));
}

TEST(TwinPlaces, ASpanWhoseParentsAreNotSentStaysAtHome) {
  KeptSpan highest = Model('p', 'x', "b", 1'012, 10);
  highest.set_is_highest(true);
  EXPECT_THAT(Places({{MakeSpan('r', 0, SPAN_ROLE_OTHER, "run"), Model('s', 'r', "a", 1'010, 10)},
                      {highest}}),
              IsEmpty());
}

TEST(TwinPlaces, ACallOfItsOwnStaysAtHome) {
  const std::vector<KeptSpan> run = {MakeSpan('r', 0, SPAN_ROLE_OTHER, "run"),
                                     Model('s', 'r', "a", 1'010, 10)};
  EXPECT_THAT(Places({run, {Model('p', 0, "a", 1'012, 10)}}), IsEmpty());  // It has the same scope,
  EXPECT_THAT(Places({run, {Model('p', 0, "b", 1'012, 11)}}), IsEmpty());  // other tokens,
  EXPECT_THAT(Places({run, {Model('p', 0, "b", 1'200, 10)}}), IsEmpty());  // another time,
  KeptSpan elsewhere = Model('p', 0, "b", 1'012, 10);
  elsewhere.set_resource(7);
  EXPECT_THAT(Places({run, {elsewhere}}), IsEmpty());                        // another process,
  EXPECT_THAT(Places({run, {Model('p', 'x', "b", 1'012, 10)}}), IsEmpty());  // no root.
}

TEST(TwinPlaces, ARootAboveAnotherCallStaysAtHome) {
  const std::vector<KeptSpan> run = {MakeSpan('r', 0, SPAN_ROLE_OTHER, "run"),
                                     Model('s', 'r', "a", 1'010, 10)};
  EXPECT_THAT(Places({run, {Model('p', 0, "b", 1'012, 10), Model('q', 'p', "c", 1'013, 10)}}),
              IsEmpty());
}

TEST(TwinPlaces, ACallThatItsScopeSawInPlaceTakesNoOther) {
  const std::vector<KeptSpan> run = {MakeSpan('r', 0, SPAN_ROLE_OTHER, "run"),
                                     Model('s', 'r', "a", 1'010, 10),
                                     Model('t', 's', "b", 1'011, 10)};
  EXPECT_THAT(Places({run, {Model('p', 0, "b", 1'012, 10)}}), IsEmpty());
}

TEST(TwinPlaces, EachCallIsTakenOnceByTheNearest) {
  const std::vector<KeptSpan> run = {MakeSpan('r', 0, SPAN_ROLE_OTHER, "run"),
                                     Model('s', 'r', "a", 1'000, 10),
                                     Model('t', 'r', "a", 1'015, 10)};
  EXPECT_THAT(Places({run, {Model('p', 0, "b", 1'014, 10)}, {Model('q', 0, "b", 1'003, 10)}}),
              ElementsAre("p>t", "q>s"));
}

TEST(TwinPlaces, OfTwoRootsTheLaterOneLeaves) {
  EXPECT_THAT(Places({{Model('p', 0, "b", 1'002, 10)}, {Model('q', 0, "a", 1'001, 10)}}),
              ElementsAre("p>q"));
}

TEST(TwinPlaces, ThatChangeAreLeft) {
  OpenTrace run(std::string(16, 'R'));
  OpenTrace lost(std::string(16, 'L'));
  ASSERT_TRUE(run.Add(Model('s', 'r', "a", 1'010, 10)));
  ASSERT_TRUE(lost.Add(Model('p', 0, "b", 1'012, 10)));
  const std::vector<OpenTrace*> traces = {&run, &lost};
  EXPECT_EQ(MoveTwins(traces).size(), 2U);
  EXPECT_EQ(run.Recount().calls.size(), 1U);
  TraceChanges of_lost = lost.Recount();
  EXPECT_THAT(of_lost.calls, IsEmpty());
  EXPECT_THAT(of_lost.completions, IsEmpty());
  EXPECT_THAT(MoveTwins(traces), IsEmpty());
  // What comes later shows that the scope saw the call where it belongs.
  ASSERT_TRUE(run.Add(Model('t', 's', "b", 1'011, 10)));
  EXPECT_EQ(MoveTwins(traces).size(), 2U);
  const TraceChanges of_run = run.Recount();
  ASSERT_EQ(of_run.retractions.size(), 1U);
  EXPECT_EQ(of_run.calls.size(), 1U);
  of_lost = lost.Recount();
  EXPECT_EQ(of_lost.calls.size(), 1U);
  EXPECT_EQ(of_lost.completions.size(), 1U);
}

}  // namespace
}  // namespace itemized::server
