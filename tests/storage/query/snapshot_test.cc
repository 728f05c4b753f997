// SPDX-License-Identifier: Apache-2.0
// What is committed while a question reads the log does not wait for it, and is not in its answer.

#include <chrono>
#include <functional>
#include <future>
#include <optional>
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

  // From within an hour to within another, so that both are read from the log.
  static Window Cut() {
    return Window::Of(
        {kNowUs - kHours * kMicrosPerHour + kMinuteUs / 2, kNowUs - kMicrosPerHour / 2});
  }

  static Question OutliersIn(const std::string& name, OutliersQuery query) {
    query.window = Cut();
    return {name, [query](const Database& db) { return Describe(Value(db.Outliers(query))); }};
  }

  // Those that take the lock for the rows of one block at a time.
  static std::vector<Question> QuestionsOfTheLog() {
    OutliersQuery dearest;
    dearest.order = OutlierOrder::kCost;
    OutliersQuery filtered;
    filtered.filter.attributes.emplace_back("tenant", "acme");
    return {OutliersIn("the newest outliers", OutliersQuery()),
            OutliersIn("the dearest outliers", dearest),
            OutliersIn("outliers with a filter", filtered)};
  }

  // Asks, and lets `commit` go on once the log is read, which has to end before the answer comes.
  std::string AskDuring(const Question& question, const std::function<void()>& commit) {
    std::optional<std::future<void>> committed;
    tap_.read = [&] {
      if (!committed.has_value()) {
        committed = std::async(std::launch::async, commit);
        EXPECT_EQ(committed->wait_for(kCommitMax), std::future_status::ready)
            << question.name << " holds up a commit while it reads";
      }
    };
    std::string answer = question.ask(db());
    tap_.read = [] {};
    EXPECT_TRUE(committed.has_value()) << question.name << " reads no log";
    return answer;
  }

  // One more outlier in the newest hour of the window, and one less in the oldest.
  void Change(int round) {
    Call call = MakeCall(absl::StrCat("new-", round), "run-new", "planning", 2'000'000);
    call.time_us = kNowUs - 2 * kMicrosPerHour + 2 * kMinuteUs;
    call.attributes.emplace_back("tenant", "acme");
    Store({call});
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
