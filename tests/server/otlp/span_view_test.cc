// SPDX-License-Identifier: Apache-2.0
// The spans of a trace as people see them.

#include "server/otlp/span_view.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/otlp/span_maker.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::ElementsAre;
using namespace spans::v1;  // NOLINT: SPAN_ROLE_*.

pb::GetSpansResponse View(const std::vector<KeptSpan>& spans) {
  OpenTrace trace(kTrace);
  for (const KeptSpan& span : spans) {
    trace.Add(span);
  }
  pb::GetSpansResponse response;
  AddSpans(trace, &response);
  return response;
}

// The names of the spans, each behind a point for each span above it.
std::vector<std::string> Tree(const pb::GetSpansResponse& response) {
  std::vector<std::string> names;
  for (const pb::RunSpan& span : response.spans()) {
    names.push_back(std::string(static_cast<size_t>(span.depth()), '.') + span.name());
  }
  return names;
}

KeptSpan Model(char id, char parent, const std::string& scope, uint64_t start_ms) {
  KeptSpan span = WithUsage(
      MakeSpan(id, parent, SPAN_ROLE_MODEL, absl::StrCat("chat ", scope), start_ms), "m", 100, 5);
  span.set_scope(scope);
  return span;
}

std::string IdOf(char id) {
  return absl::BytesToHexString(std::string(8, id));
}

TEST(SpanView, SpansStandBelowTheirParentsByTheirStart) {
  EXPECT_THAT(Tree(View({MakeSpan('c', 'r', SPAN_ROLE_TOOL, "late", 1'050),
                         MakeSpan('d', 'b', SPAN_ROLE_NODE, "deep", 1'010),
                         MakeSpan('b', 'r', SPAN_ROLE_NODE, "early", 1'010),
                         MakeSpan('r', 0, SPAN_ROLE_OTHER, "root"),
                         MakeSpan('o', 'x', SPAN_ROLE_OTHER, "orphan", 900)})),
              ElementsAre("orphan", "root", ".early", "..deep", ".late"));
}

TEST(SpanView, SpansWhoseParentsRunInACircleAreShownToo) {
  EXPECT_THAT(Tree(View({MakeSpan('a', 'b', SPAN_ROLE_OTHER, "a"),
                         MakeSpan('b', 'a', SPAN_ROLE_OTHER, "b")})),
              ElementsAre("a", ".b"));
}

TEST(SpanView, SaysWhatIsCountedWhatIsMergedAndWhy) {
  KeptSpan named = Model('p', 'r', "sdk", 1'300);
  named.set_response_id("answer-1");
  KeptSpan namesake = Model('q', 'r', "proxy", 1'310);
  namesake.set_response_id("answer-1");
  const pb::GetSpansResponse view =
      View({WithUsage(MakeSpan('r', 0, SPAN_ROLE_AGENT, "agent"), "m", 300, 15),
            Model('o', 'r', "outer", 1'000), Model('i', 'o', "outer", 1'000),
            Model('t', 'r', "twin", 1'001), named, namesake});
  const auto expect = [&](int at, pb::SpanPart part, pb::MergeRule rule, const std::string& event) {
    EXPECT_EQ(view.spans(at).part(), part) << at;
    EXPECT_EQ(view.spans(at).rule(), rule) << at;
    EXPECT_EQ(view.spans(at).event_id(), event) << at;
  };
  ASSERT_THAT(Tree(view), ElementsAre("agent", ".chat outer", "..chat outer", ".chat twin",
                                      ".chat sdk", ".chat proxy"));
  expect(0, pb::SPAN_PART_SUM, pb::MERGE_RULE_UNSPECIFIED, "");
  expect(1, pb::SPAN_PART_MERGED, pb::MERGE_RULE_NESTED, IdOf('i'));
  expect(2, pb::SPAN_PART_COUNTED, pb::MERGE_RULE_UNSPECIFIED, IdOf('i'));
  expect(3, pb::SPAN_PART_MERGED, pb::MERGE_RULE_SAME_TIME, IdOf('i'));
  expect(4, pb::SPAN_PART_COUNTED, pb::MERGE_RULE_UNSPECIFIED, IdOf('p'));
  expect(5, pb::SPAN_PART_MERGED, pb::MERGE_RULE_SAME_ANSWER, IdOf('p'));
}

TEST(SpanView, AnAgentWithoutCallsIsASum) {
  const pb::GetSpansResponse view =
      View({WithUsage(MakeSpan('r', 0, SPAN_ROLE_AGENT, "agent"), "m", 300, 15)});
  EXPECT_EQ(view.spans(0).part(), pb::SPAN_PART_AGGREGATE);
  EXPECT_EQ(view.spans(0).usage().input_tokens(), 300);
}

TEST(SpanView, AGuestSaysWhereItIsFromAndIsShownAtHome) {
  OpenTrace home("fedcba9876543210");
  home.Add(Model('g', 0, "sdk", 1'000));
  home.SetHost(0, kTrace, std::string(8, 'a'));
  OpenTrace host(kTrace);
  host.Add(Model('a', 0, "framework", 1'000));
  host.PutGuest(home[0], home.id(), std::string(8, 'a'));
  pb::GetSpansResponse view;
  AddSpans(home, &view);
  AddSpans(host, &view);
  EXPECT_EQ(view.spans(0).part(), pb::SPAN_PART_ELSEWHERE);
  EXPECT_EQ(view.spans(0).other_trace_id(), absl::BytesToHexString(kTrace));
  EXPECT_THAT(Tree(view), ElementsAre("chat sdk", "chat framework", ".chat sdk"));
  EXPECT_EQ(view.spans(2).other_trace_id(), absl::BytesToHexString(home.id()));
  host.DropGuest(std::string(8, 'g'));
  view.Clear();
  AddSpans(host, &view);
  EXPECT_THAT(Tree(view), ElementsAre("chat framework"));
}

}  // namespace
}  // namespace itemized::server
