// SPDX-License-Identifier: Apache-2.0
// What is committed while a question reads the log does not wait for it, and is not in its answer.

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/database/describe.h"
#include "tests/storage/database/long_log_fixture.h"

namespace itemized::testing {
namespace {

constexpr int kHours = 30;
constexpr std::chrono::seconds kCommitMax(60);  // Only a commit that waits for the reader takes it.

// A question whose answer comes as text, by name.
struct Question {
  std::string name;
  std::function<std::string(const Database&)> ask;
};

class SnapshotTest : public LongLogTest {
 protected:
  SnapshotTest() : LongLogTest(kHours) {}

  // Begins within an hour and ends within another, so that both are read from the log.
  static Window Cut() {
    return Window::Of(
        {kNowUs - kHours * kMicrosPerHour + kMinuteUs / 2, kNowUs - kMicrosPerHour / 2});
  }

  static Question OutliersIn(const std::string& name, OutliersQuery query) {
    query.window = Cut();
    return {name, [query](const Database& db) { return Describe(Value(db.Outliers(query))); }};
  }

  // Makes the questions that take the lock for the rows of one block at a time.
  static std::vector<Question> QuestionsOfTheLog() {
    OutliersQuery dearest;
    dearest.order = OutlierOrder::kCost;
    OutliersQuery filtered;
    filtered.filter.attributes.emplace_back("tenant", "acme");
    return {OutliersIn("the newest outliers", OutliersQuery()),
            OutliersIn("the dearest outliers", dearest),
            OutliersIn("outliers with a filter", filtered),
            {"a ranking of steps with a filter", FilteredSteps},
            {"a series split by an attribute", SplitSeries}};
  }

  // The ranking with its thresholds.
  static std::string FilteredSteps(const Database& db) {
    TopQuery query{.window = Cut(), .by = GroupBy::kStep};
    query.filter.attributes.emplace_back("tenant", "acme");
    const TopAnswer answer = Value(db.Top(query));
    std::string text = Describe(answer);
    for (const TopRow& row : answer.rows) {
      text += row.key + " " + Describe(*row.threshold) + "\n";
    }
    return text;
  }

  static std::string SplitSeries(const Database& db) {
    SeriesQuery query;
    query.window = Cut();
    query.by = GroupBy::kAttribute;
    query.attribute_key = "tenant";
    return Describe(Value(db.Series(query)));
  }

  // Asks, and lets `commit` go on once the log is read, which has to end before the answer comes.
  std::string AskDuring(const Question& question, const std::function<void()>& commit) {
    std::atomic<bool> is_begun = false;  // The commit may read the log, too, on its own thread.
    tap_.read = [&] {
      if (!is_begun.exchange(true)) {
        const std::future<void> committed = std::async(std::launch::async, commit);
        EXPECT_EQ(committed.wait_for(kCommitMax), std::future_status::ready)
            << question.name << " holds up a commit while it reads";
      }
    };
    std::string answer = question.ask(db());
    tap_.read = [] {};
    EXPECT_TRUE(is_begun) << question.name << " reads no log";
    return answer;
  }

  // One more outlier in the newest hour of the window, one less in the oldest, one more call in the
  // baseline of their step, and another verdict on whether the output of the others was seen.
  void Change(int round) {
    Call call = MakeCall(absl::StrCat("new-", round), "run-new", "planning", 2'000'000);
    call.time_us = kNowUs - 2 * kMicrosPerHour + 2 * kMinuteUs;
    call.attributes.emplace_back("tenant", "acme");
    Call cheap = MakeCall(absl::StrCat("cheap-", round), "run-cheap", "planning", 1'000);
    cheap.time_us = kNowUs - 10 * kMicrosPerDay;
    const std::vector<std::string> unused =
        round % 2 == 0 ? std::vector<std::string>{"planning"} : std::vector<std::string>();
    Store({call, cheap}, {MakeCompletion("run-long", Outcome::kCompleted, kNowUs + round, unused)});
    EXPECT_EQ(Value(db().Retract({{"run-long", absl::StrCat("e-", round)}})), 1);
  }
};

TEST_F(SnapshotTest, CommitsGetInWhileTheLogIsReadAndAreNotInTheAnswer) {
  int round = 0;
  for (const Question& question : QuestionsOfTheLog()) {
    const std::string before = question.ask(db());
    EXPECT_EQ(AskDuring(question, [&] { Change(round); }), before) << question.name;
    EXPECT_NE(question.ask(db()), before) << question.name;
    ++round;
  }
}

TEST_F(SnapshotTest, OutliersAreLookedForAnewWhenTheirHoursAreDroppedMeanwhile) {
  DatabaseOptions options = OptionsWithTap();
  options.retain_events_us = kMicrosPerDay;
  clock().Set(kNowUs - 5 * kMicrosPerDay);
  Reopen(options);
  const auto drop = [&] {
    clock().Set(kNowUs + kMicrosPerHour);
    while (db().Info().events_kept_from_us < kNowUs - kMicrosPerDay || db().Info().is_dropping) {
      ASSERT_TRUE(db().Checkpoint().ok());
    }
  };
  const Question question = OutliersIn("outliers", OutliersQuery());
  const std::string answer = AskDuring(question, drop);
  EXPECT_EQ(answer, question.ask(db()));
}

}  // namespace
}  // namespace itemized::testing
