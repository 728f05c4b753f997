// SPDX-License-Identifier: Apache-2.0
// A value that no server takes costs itself, and nothing else.

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "client/cpp/tracer.h"
#include "tests/client/cpp/fake_ingest_server.h"
#include "tests/client/cpp/tracer_for_test.h"

namespace itemized::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr int64_t kMinute = 60'000'000;

class TracerValuesTest : public testing::Test {
 protected:
  TracerOptions Options() {
    TracerOptions options = PatientOptions(server_.address());
    options.on_warning = [this](const std::string& sentence) { warnings_.push_back(sentence); };
    return options;
  }

  // What is recorded between two good calls, which both arrive.
  template <typename Event>
  TracerStats Deliver(const std::vector<Event>& events) {
    TracerStats stats;
    {
      Tracer tracer(Options());
      tracer.Record(CallOf("good"));
      for (const Event& event : events) {
        tracer.Record(event);
      }
      tracer.Record(CallOf("good"));
      EXPECT_TRUE(tracer.Flush(kPatience).ok());
      stats = tracer.Stats();
    }
    int good = 0;
    for (const pb::Call& call : store_.calls()) {
      good += call.workflow_id() == "good" ? 1 : 0;
    }
    EXPECT_EQ(good, 2);
    EXPECT_EQ(stats.recorded, stats.acknowledged + stats.refused);
    return stats;
  }

  std::vector<pb::Call> BadCalls() const {
    std::vector<pb::Call> calls;
    for (const pb::Call& call : store_.calls()) {
      if (call.workflow_id() != "good") {
        calls.push_back(call);
      }
    }
    return calls;
  }

  FakeStore store_;
  FakeIngestServer server_{store_, 0};
  std::vector<std::string> warnings_;
};

TEST_F(TracerValuesTest, ARunEndsWhateverIsWrongWithItsCompletion) {
  const Completion good{.workflow_id = "run"};
  std::vector<Completion> completions(6, good);
  completions[0].outcome = static_cast<Outcome>(9);
  completions[1].workflow = "\xff";
  completions[2].workflow = std::string(300, 'w');
  completions[3].time_us = -5;
  completions[4].unused_steps = {"kept", "\xff", std::string(201, 's'), "", "kept too"};
  completions[5].unused_steps = std::vector<std::string>(1200, "draft");
  const TracerStats stats = Deliver(completions);
  ASSERT_THAT(store_.completions(), SizeIs(6));
  EXPECT_EQ(store_.completions()[0].outcome(), pb::OUTCOME_FAILED);
  EXPECT_THAT(store_.completions()[1].workflow(), IsEmpty());
  EXPECT_THAT(store_.completions()[2].workflow(), IsEmpty());
  EXPECT_GT(store_.completions()[3].time_unix_us(), kMinute);
  EXPECT_THAT(store_.completions()[4].unused_steps(), ElementsAre("kept", "kept too"));
  EXPECT_THAT(store_.completions()[5].unused_steps(), SizeIs(1000));
  EXPECT_EQ(stats.corrected, 8u);
  EXPECT_EQ(stats.refused, 0u);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("kFailed"), HasSubstr("workflow"),
                                     HasSubstr("1970 to 2200"), HasSubstr("unused step")));
}

TEST_F(TracerValuesTest, AStatusThatIsNoneIsToldAndTheCallKept) {
  Call call = CallOf("run");
  call.status = static_cast<CallStatus>(200);
  EXPECT_EQ(Deliver<Call>({call, call}).corrected, 2u);
  ASSERT_THAT(BadCalls(), SizeIs(2));
  EXPECT_EQ(BadCalls()[0].status(), pb::CALL_STATUS_ERROR);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("status 200")));
}

TEST_F(TracerValuesTest, TimesAndDurationsOutOfRangeCostOnlyThemselves) {
  std::vector<Call> calls;
  for (const int64_t absurd :
       {std::numeric_limits<int64_t>::min(), int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    calls.push_back(CallOf("time"));
    calls.back().time_us = absurd;
    calls.push_back(CallOf("duration"));
    calls.back().duration_us = absurd;
  }
  EXPECT_EQ(Deliver(calls).corrected, 6u);
  const int64_t now_us = Clock::System()->NowUs();
  ASSERT_THAT(BadCalls(), SizeIs(6));
  for (const pb::Call& call : BadCalls()) {
    EXPECT_THAT(call.time_unix_us(), AllOf(Ge(now_us - 60 * kMinute), Le(now_us)));
    EXPECT_EQ(call.duration_us(), 0);
  }
  EXPECT_THAT(warnings_, SizeIs(2));
}

TEST_F(TracerValuesTest, ABadAttributeCostsOnlyItself) {
  Call call = CallOf("run");
  call.attributes = {
      {"tenant", "acme"}, {"\xff", "x"}, {"x", "\xff"}, {"", "x"}, {"long", std::string(201, 'x')}};
  Call many = CallOf("run");
  for (int i = 0; i < 100; ++i) {
    many.attributes.emplace_back(absl::StrCat("key-", i), "value");
  }
  EXPECT_EQ(Deliver<Call>({call, many}).corrected, 5u);
  ASSERT_THAT(BadCalls(), SizeIs(2));
  EXPECT_THAT(BadCalls()[0].attributes(), SizeIs(1));
  EXPECT_EQ(BadCalls()[0].attributes().at("tenant"), "acme");
  EXPECT_THAT(BadCalls()[1].attributes(), SizeIs(64));
}

TEST_F(TracerValuesTest, TwoLongIdsStayTwoAndACompletionFindsItsRun) {
  const std::string common(250, 'r');
  std::vector<Call> calls;
  for (const char* end : {"1", "2"}) {
    calls.push_back(CallOf(common + end));
    calls.back().event_id = common + end;
  }
  calls.push_back(CallOf("run \xff"));
  calls.push_back(CallOf("run \xfe"));
  Deliver(calls);
  ASSERT_THAT(BadCalls(), SizeIs(4));
  std::set<std::string> ids;
  for (const pb::Call& call : BadCalls()) {
    ids.insert(call.workflow_id());
    EXPECT_LE(call.workflow_id().size(), 200u);
    EXPECT_LE(call.event_id().size(), 200u);
  }
  EXPECT_THAT(ids, SizeIs(4));
  EXPECT_NE(BadCalls()[0].event_id(), BadCalls()[1].event_id());
  // What the Python client makes of the same id.
  EXPECT_EQ(BadCalls()[0].workflow_id(),
            absl::StrCat(common.substr(0, 167), "~b308b4b98dbde011bc9bb7d7d1c82eda"));
  EXPECT_THAT(BadCalls()[2].workflow_id(), StartsWith("run \\xff~"));
  Tracer tracer(Options());
  tracer.Complete(common + "1", Outcome::kCompleted);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  ASSERT_THAT(store_.completions(), SizeIs(1));
  EXPECT_EQ(store_.completions()[0].workflow_id(), BadCalls()[0].workflow_id());
}

TEST_F(TracerValuesTest, WithoutACallbackTheFirstRefusedEventIsTold) {
  const TracerStats stats = Deliver<Call>({CallOf("run", "\xff"), CallOf("run", "\xff")});
  EXPECT_EQ(stats.refused, 2u);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("was not stored")));
}

}  // namespace
}  // namespace itemized::client
