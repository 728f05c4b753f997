// SPDX-License-Identifier: Apache-2.0
// A clock that is wrong costs nothing that cannot be undone.

#include <future>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/store/producers.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kTenYearsUs = 3'653 * kMicrosPerDay;
constexpr int kDays = 40;

class WrongClock : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
    for (int day = 0; day < kDays; ++day) {
      StoreOn(day);
    }
  }

  // A call so many days before kNowUs.
  void StoreOn(int day) {
    Call call = MakeCall("c", "run-" + std::to_string(day), "planning", 10);
    call.time_us = kNowUs - day * kMicrosPerDay - kMinuteUs;
    Store({call});
  }

  DatabaseOptions Keeping() {
    DatabaseOptions options = Options();
    options.retain_events_us = 33 * kMicrosPerDay;
    options.retain_rollups_us = 35 * kMicrosPerDay;
    options.warn = [this](const std::string& sentence) { warnings_ += sentence; };
    return options;
  }

  // What is due has been done.
  void Settle() {
    for (int i = 0; i < 20 || db().Info().is_dropping; ++i) {
      ASSERT_TRUE(db().Checkpoint().ok());
    }
  }

  int64_t EventsFrom() { return db().Info().events_kept_from_us; }
  int64_t RollupsFrom() { return db().Info().rollups_kept_from_us; }

  void ExpectAllIsThere() {
    EXPECT_EQ(EventsFrom(), kNowUs - 33 * kMicrosPerDay);
    EXPECT_EQ(RollupsFrom(), kNowUs - 35 * kMicrosPerDay);
    EXPECT_EQ(db().Info().calls, 35);
  }

  // TearDown asks for all there ever was.
  void TearDown() override {
    const absl::Status verified = db().VerifyViews();
    EXPECT_TRUE(verified.ok()) << verified;
    Close();
  }

  std::string warnings_;  // The committer's while the database is open and works.
};

TEST_F(WrongClock, ThatJumpsAheadDropsNothingAndIsToldOnce) {
  Reopen(Keeping());
  Settle();
  ExpectAllIsThere();
  clock().Jump(kTenYearsUs);
  Settle();
  ExpectAllIsThere();
  // Nothing is refused as too old either, and what comes with that time poisons nothing.
  Call call = MakeCall("late", "late", "planning", 10);
  call.time_us = kNowUs - 20 * kMicrosPerDay;
  Call wrong = MakeCall("wrong", "wrong", "planning", 10);
  wrong.time_us = kNowUs + kTenYearsUs;
  Store({call, wrong});
  Settle();
  EXPECT_EQ(EventsFrom(), kNowUs - 33 * kMicrosPerDay);
  clock().Jump(-kTenYearsUs);
  Settle();
  Close();
  EXPECT_THAT(warnings_, HasSubstr("The clock of this machine says 2036-"));
  EXPECT_EQ(warnings_.find("The clock"), warnings_.rfind("The clock"));
  Reopen(Keeping());
  Settle();
  EXPECT_EQ(EventsFrom(), kNowUs - 33 * kMicrosPerDay);
}

TEST_F(WrongClock, ThatIsAheadAtTheStartWaitsUntilItIsAccepted) {
  Reopen(Keeping());
  Settle();
  Close();
  clock().Jump(kTenYearsUs);
  for (int started = 0; started < 3; ++started) {
    Reopen(Keeping());
    Settle();
    ExpectAllIsThere();
    Close();
  }
  EXPECT_THAT(warnings_, HasSubstr("--accept-clock"));
  DatabaseOptions accepting = Keeping();
  accepting.accept_clock = true;
  Reopen(accepting);
  Settle();  // Two days at most: no newer call has come.
  EXPECT_EQ(EventsFrom(), kNowUs - 32 * kMicrosPerDay);
  Call call = MakeCall("now", "now", "planning", 10);
  call.time_us = kNowUs + kTenYearsUs;
  Store({call});
  Settle();
  EXPECT_EQ(EventsFrom(), kNowUs + kTenYearsUs - 33 * kMicrosPerDay);
}

TEST_F(WrongClock, ThatIsBehindIsBelieved) {
  Reopen(Keeping());
  Settle();
  clock().Jump(-kTenYearsUs);
  Settle();
  ExpectAllIsThere();
  Reopen(Keeping());
  Settle();
  ExpectAllIsThere();
  Close();
  EXPECT_EQ(warnings_, "");
  Reopen(Keeping());
}

TEST_F(WrongClock, DropsOneDayADayAsTimeGoesBy) {
  Reopen(Keeping());
  Settle();
  clock().Jump(kTenYearsUs);
  for (int day = 1; day <= 3; ++day) {
    clock().Advance(kMicrosPerDay);
    StoreOn(-day);
    Settle();
    EXPECT_EQ(EventsFrom(), kNowUs + (day - 33) * kMicrosPerDay);
  }
}

TEST_F(WrongClock, ADayWithoutAServerIsBelieved) {
  Reopen(Keeping());
  Settle();
  Close();
  clock().Jump(3 * kMicrosPerDay);
  Reopen(Keeping());
  StoreOn(-3);
  Settle();
  EXPECT_EQ(EventsFrom(), kNowUs - 30 * kMicrosPerDay);
  Close();
  EXPECT_EQ(warnings_, "");
  Reopen(Keeping());
}

// The store knows up to when a server saw time go by, though no call came.
TEST_F(WrongClock, IsNotSuspectedAfterAServerThatHeardNothingForLong) {
  Reopen(Keeping());
  Settle();
  clock().Advance(20 * kMicrosPerDay);
  Settle();
  Reopen(Keeping());
  Settle();
  Close();
  EXPECT_EQ(warnings_, "");
  Reopen(Keeping());
}

TEST_F(WrongClock, ForgetsNoProducer) {
  const auto begin = [&] {
    std::promise<absl::StatusOr<ProducerSession>> promise;
    db().BeginSession({.id = {7}}, [&](auto session) { promise.set_value(std::move(session)); });
    return Value(promise.get_future().get());
  };
  const auto send = [&](const ProducerSession& session) {
    Submission submission;
    submission.parts.push_back(MakeBatch({MakeCall("", "run", "planning", 1)}));
    submission.position = {
        .producer = {7}, .session = session.session, .sequence = 1, .content = 1};
    std::promise<absl::StatusOr<SubmissionResult>> promise;
    db().Submit(std::move(submission), [&](auto result) { promise.set_value(std::move(result)); });
    return Value(promise.get_future().get())[0].accepted;
  };
  EXPECT_EQ(send(begin()), 1);
  clock().Jump(kTenYearsUs);
  EXPECT_EQ(send(begin()), 0);
  Reopen();
  EXPECT_EQ(send(begin()), 0);
  clock().Jump(-kTenYearsUs);
  EXPECT_EQ(send(begin()), 0);
}

TEST_F(WrongClock, ThatGoesToAndFroLeavesTrailingWindowsExact) {
  const auto calls = [&](int64_t days) {
    return Value(db().Top({.window = Window::Last(days * kMicrosPerDay)})).total.calls;
  };
  for (const int64_t jump : {int64_t{0}, kTenYearsUs, -kTenYearsUs, 2 * kMicrosPerHour,
                             -2 * kMicrosPerHour, 20 * kMicrosPerDay, -20 * kMicrosPerDay}) {
    clock().Jump(jump);
    const int64_t ahead_us = clock().NowUs() - kNowUs;
    for (const int64_t days : {int64_t{1}, int64_t{7}, int64_t{30}}) {
      int64_t expected = 0;
      for (int day = 0; day < kDays; ++day) {
        expected += day * kMicrosPerDay + kMinuteUs + ahead_us <= days * kMicrosPerDay ? 1 : 0;
      }
      EXPECT_EQ(calls(days), expected) << jump << " " << days;
    }
  }
}

}  // namespace
}  // namespace itemized::testing
