// SPDX-License-Identifier: Apache-2.0
// Questions as of an earlier instant: the answers are those that were given then.

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"
#include "tests/storage/database/random_events.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

class PastBillsTest : public DatabaseTest {
 protected:
  void SetUp() override { Reopen(WithTime()); }

  // The options of a store for which time goes by as the test says.
  DatabaseOptions WithTime() {
    DatabaseOptions options = Options();
    options.steady = [this] { return clock().SteadyUs(); };
    return options;
  }

  // Asks every question, and for the first `runs` of runs_, as of `as_known_at_us` if that is set.
  std::string AskAll(size_t runs, std::optional<int64_t> as_known_at_us) {
    std::string text;
    for (Window window : {Window::Last(30 * kMicrosPerDay), Window::Of({0, kNowUs * 2})}) {
      window.as_known_at_us = as_known_at_us;
      for (const GroupBy by : {GroupBy::kStep, GroupBy::kModel, GroupBy::kAttribute}) {
        text +=
            Describe(Value(db().Top({.window = window,
                                     .by = by,
                                     .attribute_key = by == GroupBy::kAttribute ? "tenant" : ""})));
      }
      text += Describe(Value(db().Workflows(window)));
      text += Describe(Value(db().Outliers({.window = window, .limit = 100'000})));
      text +=
          std::to_string(Value(db().Distribution({.window = window, .name = "summarize"})).count);
    }
    Window month = Window::Last(30 * kMicrosPerDay);
    month.as_known_at_us = as_known_at_us;
    SeriesQuery series;
    series.window = month;
    text += Describe(Value(db().Series(series)));
    for (size_t i = 0; i < runs; ++i) {
      const std::string& run = runs_[i];
      const absl::StatusOr<RunAnswer> answer =
          db().GetRun(RunQuery{.workflow_id = run, .as_known_at_us = as_known_at_us});
      text += answer.ok() ? Describe(*answer) : run + " is not known\n";
    }
    return text;
  }

  std::vector<std::string> runs_;
};

TEST_F(PastBillsTest, AreWhatWasAnsweredThen) {
  RandomEvents events(24);
  Random& random = events.random();
  struct Given {
    int64_t at_us;
    size_t runs;
    std::string answer;
  };
  std::vector<Given> given;
  std::vector<Call> sent;
  for (int i = 0; i < 120; ++i) {
    clock().Advance(random.Between(1, 20 * kMinuteUs));
    std::vector<Call> calls;
    for (int64_t n = random.Between(1, 8); n > 0; --n) {
      calls.push_back(events.NextCall(clock().NowUs()));
      runs_.push_back(calls.back().workflow_id);
    }
    sent.insert(sent.end(), calls.begin(), calls.end());
    Write(calls, {events.NextCompletion(clock().NowUs())});
    if (random.Percent(20)) {
      ASSERT_TRUE(db().SetRates(events.NextRates(clock().NowUs())).ok());
    }
    if (random.Percent(20)) {
      const Call& call = random.Pick(sent);
      Value(db().Retract({{call.workflow_id, call.event_id}}));
    }
    if (i % 12 == 0) {
      given.push_back({clock().NowUs(), runs_.size(), AskAll(runs_.size(), std::nullopt)});
    }
    if (i == 60) {
      Reopen(WithTime());
    }
  }
  clock().Advance(kMinuteUs);
  for (const Given& then : given) {
    ASSERT_EQ(AskAll(then.runs, then.at_us), then.answer) << FormatTime(then.at_us);
  }
}

TEST_F(PastBillsTest, AreNotOfTheFuture) {
  Window window = Always();
  window.as_known_at_us = clock().NowUs() + 1;
  const absl::Status status = db().Top({.window = window}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("give an instant that has passed"));
}

TEST_F(PastBillsTest, BeforeTheFirstCallAreEmpty) {
  clock().Advance(kMinuteUs);
  Store({MakeCall("c-1", "run-1", "planning", 10)});
  Window window = Always();
  window.as_known_at_us = kNowUs;
  EXPECT_EQ(Value(db().Top({.window = window})).total.calls, 0);
  window.as_known_at_us = clock().NowUs();
  EXPECT_EQ(Value(db().Top({.window = window})).total.calls, 1);
}

TEST_F(PastBillsTest, SayThatWhatWasDroppedIsGone) {
  DatabaseOptions options = WithTime();
  options.retain_events_us = 10 * kMicrosPerDay;
  options.checkpoint_interval_us = 1'000;
  Store({MakeCall("c-1", "run-1", "planning", 10)});
  clock().Advance(20 * kMicrosPerDay);
  Call late = MakeCall("c-2", "run-2", "planning", 10);
  late.time_us = clock().NowUs() - kMinuteUs;
  Store({late});
  const int64_t known_us = clock().NowUs();
  Reopen(options);
  while (db().Info().events_kept_from_us == 0 || db().Info().is_dropping) {
    clock().Advance(kMinuteUs);
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  Window window = Always();
  window.as_known_at_us = known_us;
  EXPECT_THAT(std::string(db().Top({.window = window}).status().message()), HasSubstr("is kept"));
  window = Window::Last(2 * kMicrosPerDay);
  window.as_known_at_us = known_us;
  EXPECT_EQ(Value(db().Top({.window = window})).total.calls, 1);
}

TEST_F(PastBillsTest, GiveUpWhenNobodyWaits) {
  Store({MakeCall("c-1", "run-1", "planning", 10)});
  Cancellation cancelled;
  cancelled.Cancel();
  Window window = Always();
  window.as_known_at_us = clock().NowUs();
  EXPECT_EQ(db().Top({.window = window}, &cancelled).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(PastBillsTest, HaveTheRatesThatEnded) {
  SetRates({MakeRate("gpt-5", 1, 1), MakeRate("gone", 2, 2)});
  const int64_t set_us = clock().NowUs();
  clock().Advance(kMinuteUs);
  SetRates({MakeRate("gpt-5", 3, 3)});
  clock().Advance(kMinuteUs);
  Value(db().RemoveRates({{.provider = "", .match = ModelMatch::Equals("gone")}}));
  Reopen(WithTime());
  const std::vector<EndedRate> ended = Value(db().ListEndedRates());
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].rate.match.text, "gone");
  EXPECT_EQ(ended[0].at_us, set_us + 2 * kMinuteUs);
  EXPECT_EQ(ended[1].rate.match.text, "gpt-5");
  EXPECT_EQ(ended[1].rate.prices[0], 1);
  EXPECT_EQ(ended[1].rate.recorded_at_us, set_us);
  EXPECT_EQ(ended[1].at_us, set_us + kMinuteUs);
  ASSERT_EQ(db().ListRates().size(), 1U);
  EXPECT_EQ(db().ListRates()[0].recorded_at_us, set_us + kMinuteUs);
}

}  // namespace
}  // namespace itemized::testing
