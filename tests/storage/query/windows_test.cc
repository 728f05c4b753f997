// SPDX-License-Identifier: Apache-2.0
// Which instants a question covers, and how a series is cut into buckets.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

class Windows : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
  }
  void StoreAt(const std::vector<int64_t>& times_us) {
    std::vector<Call> calls;
    for (const int64_t time_us : times_us) {
      calls.push_back(MakeCall("c-" + std::to_string(time_us), "run", "planning", 1));
      calls.back().time_us = time_us;
    }
    Store(calls);
  }
  int64_t CallsIn(const Window& window) {
    ExpectRowsAddUp(db(), window);
    return Value(db().Top({.window = window, .attribute_key = ""})).total.calls;
  }
  int64_t CallsIn(int64_t start_us, int64_t end_us) {
    return CallsIn(Window::Of({start_us, end_us}));
  }
  SeriesAnswer Series(TimeRange range, bool by_hour, const std::string& zone_name) {
    SeriesQuery query;
    query.window = Window::Of(range);
    query.by_hour = by_hour;
    EXPECT_TRUE(absl::LoadTimeZone(zone_name, &query.zone));
    return Value(db().Series(query));
  }
};

int64_t At(const std::string& text) {
  return Value(ParseTime(text));
}

TEST_F(Windows, ARelativeWindowEndsWhenTheQuestionIsAnswered) {
  StoreAt({kNowUs - 100, kNowUs - 99, kNowUs - 1, kNowUs, kNowUs + 50});
  EXPECT_EQ(CallsIn(Window::Last(99)), 2);
  EXPECT_EQ(CallsIn(Window::Last(100)), 3);
  clock().Advance(1);
  EXPECT_EQ(CallsIn(Window::Last(100)), 3);
  const TopAnswer top = Value(db().Top({.window = Window::Last(100), .attribute_key = ""}));
  EXPECT_EQ(top.range, (TimeRange{kNowUs - 99, kNowUs + 1}));
}

TEST_F(Windows, ARangeIncludesItsStartAndExcludesItsEnd) {
  StoreAt({kNowUs - 10});
  EXPECT_EQ(CallsIn(kNowUs - 10, kNowUs - 9), 1);
  EXPECT_EQ(CallsIn(kNowUs - 11, kNowUs - 10), 0);
  EXPECT_EQ(CallsIn(kNowUs - 9, kNowUs), 0);
}

TEST_F(Windows, ARankingOfOneStepIsItsRowOfTheWholeRanking) {
  std::vector<Call> calls;
  for (int64_t i = 0; i < 900; ++i) {
    const std::string step = i % 3 == 0 ? "planning" : "writing";
    calls.push_back(MakeCall("c-" + std::to_string(i), "run", step, 1 + i * i % 97, i % 7));
    calls.back().time_us = kNowUs - 1 - i * 11 * kMinuteUs;
  }
  Store(calls, {MakeCompletion("run", Outcome::kCompleted, kNowUs, {"writing"})});
  const TimeRange uneven{kNowUs - 3 * kMicrosPerDay - 7 * kMinuteUs, kNowUs - 5 * kMinuteUs};
  for (const Window& window : {Window::Last(3 * kMicrosPerDay), Window::Of(uneven)}) {
    const TopAnswer all = Value(db().Top({.window = window}));
    ASSERT_EQ(all.rows.size(), 2U);
    for (const TopRow& row : all.rows) {
      TopQuery query{.window = window};
      query.filter[NameKind::kStep] = row.key;
      const TopAnswer one = Value(db().Top(query));
      EXPECT_EQ(
          Describe(one),
          Describe(TopAnswer{
              .range = all.range, .total = row.sums, .unsurfaced = row.unsurfaced, .rows = {row}}));
      const DistributionAnswer spread =
          Value(db().Distribution({.window = window, .name = row.key}));
      EXPECT_EQ(spread.count, row.sums.calls);
      EXPECT_EQ(spread.total, row.sums.cost);
      EXPECT_EQ(spread.p95, row.p95_cost);
    }
  }
}

TEST_F(Windows, AnyRangeIsExactAcrossHoursAndDays) {
  const int64_t start_us = At("2026-10-10T00:00:00Z");
  std::vector<int64_t> times_us;
  for (int64_t i = 0; i < 500; ++i) {
    times_us.push_back(start_us + i * 25 * kMinuteUs);
  }
  StoreAt(times_us);
  for (const int64_t from : {0, 1, 2, 3, 57, 58, 59, 100}) {
    for (const int64_t to : {101, 115, 116, 173, 200, 499}) {
      EXPECT_EQ(CallsIn(times_us[static_cast<size_t>(from)], times_us[static_cast<size_t>(to)]),
                to - from);
      EXPECT_EQ(
          CallsIn(times_us[static_cast<size_t>(from)] + 1, times_us[static_cast<size_t>(to)] + 1),
          to - from);
    }
  }
}

// These questions read the log, and of whole hours without a look at times.
TEST_F(Windows, WhatReadsTheLogCountsTheCallsOfItsRangeAlone) {
  std::vector<Call> calls;
  for (int64_t i = 0; i < 600; ++i) {
    calls.push_back(
        MakeCall("c-" + std::to_string(i), "run-" + std::to_string(i % 2), "planning", 1));
    calls.back().workflow = i % 2 == 0 ? "even" : "odd";
    calls.back().attributes = {{"tenant", i % 3 == 0 ? "acme" : "globex"}};
    calls.back().time_us = kNowUs - 1 - i * 13 * kMinuteUs;
  }
  Store(calls);
  const auto expect = [&](TimeRange range) {
    const auto count = [&](auto is_wanted) {
      return std::count_if(calls.begin(), calls.end(), [&](const Call& call) {
        return range.Contains(call.time_us) && is_wanted(call);
      });
    };
    const auto is_even = [](const Call& call) { return call.workflow == "even"; };
    const auto is_acme = [](const Call& call) { return call.attributes[0].second == "acme"; };
    CallFilter even;
    even[NameKind::kWorkflow] = "even";
    CallFilter acme;
    acme.attributes = {{"tenant", "acme"}};
    const Window window = Window::Of(range);
    EXPECT_EQ(Value(db().Top({.window = window, .filter = even})).total.calls, count(is_even));
    EXPECT_EQ(Value(db().Top({.window = window, .filter = acme})).total.calls, count(is_acme));
    const TopAnswer tenants =
        Value(db().Top({.window = window, .by = GroupBy::kAttribute, .attribute_key = "tenant"}));
    for (const TopRow& row : tenants.rows) {
      EXPECT_EQ(row.sums.calls,
                count([&](const Call& call) { return call.attributes[0].second == row.key; }));
    }
    SeriesQuery split;
    split.window = window;
    split.by_hour = true;
    split.filter = acme;
    split.by = GroupBy::kWorkflow;
    int64_t in_series = 0;
    for (const SeriesPoint& point : Value(db().Series(split)).points) {
      in_series += point.sums.calls;
    }
    EXPECT_EQ(in_series, count(is_acme));
  };
  for (const int64_t minutes : {1, 7, 59, 60, 61, 1'441}) {
    expect({kNowUs - 3 * kMicrosPerDay - minutes * kMinuteUs, kNowUs - minutes * kMinuteUs});
    expect({kNowUs - 90 * kMinuteUs - minutes * kMinuteUs, kNowUs - 90 * kMinuteUs});
  }
}

TEST_F(Windows, EmptyAndReversedRangesAreInvalid) {
  for (const Window& window : {Window::Of({kNowUs, kNowUs}), Window::Of({kNowUs, kNowUs - 1}),
                               Window::Last(0), Window::Last(-1), Window()}) {
    SeriesQuery series;
    series.window = window;
    for (const absl::Status& status :
         {db().Top({.window = window, .attribute_key = ""}).status(),
          db().Workflows(window).status(), db().Series(series).status(),
          db().Outliers({.window = window}).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_FALSE(status.message().empty());
    }
  }
}

TEST_F(Windows, AllOfTimeCanBeAskedForAndNothingBeyond) {
  StoreAt({0, kNowUs});
  EXPECT_EQ(CallsIn(0, kTimeMaxUs), 2);
  EXPECT_EQ(CallsIn(kTimeMaxUs - 1, kTimeMaxUs), 0);
  EXPECT_EQ(CallsIn(Window::Last(kNowUs)), 1);
  EXPECT_EQ(CallsIn(Window::Last(INT64_MAX)), 1);  // Cut to what can be stored.
  for (const Window& window : {Window::Of({INT64_MIN, INT64_MAX}), Window::Of({-1, kNowUs}),
                               Window::Of({0, kTimeMaxUs + 1})}) {
    EXPECT_EQ(db().Top({.window = window, .attribute_key = ""}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(Windows, ARelativeWindowIsExactWhateverHappensBetweenTwoQuestions) {
  const auto last_day = [&] { return CallsIn(Window::Last(kMicrosPerDay)); };
  StoreAt({kNowUs - 3 * kMicrosPerHour, kNowUs - kMicrosPerHour});
  EXPECT_EQ(last_day(), 2);
  clock().Advance(kMicrosPerDay - 2 * kMicrosPerHour);
  EXPECT_EQ(last_day(), 1);  // One left the window.
  StoreAt({kNowUs - kMicrosPerHour + 1, kNowUs - 3 * kMicrosPerHour + 1});
  EXPECT_EQ(last_day(), 2);  // One of two late calls lies in it.
  EXPECT_EQ(Value(db().Retract({{"run", "c-" + std::to_string(kNowUs - kMicrosPerHour)}})), 1);
  EXPECT_EQ(last_day(), 1);
  SetRates({MakeRate("claude-sonnet-4-6", 5, 5)});
  EXPECT_EQ(
      Value(db().Top({.window = Window::Last(kMicrosPerDay), .attribute_key = ""})).total.cost,
      Picos{5});
  clock().Advance(3 * kMicrosPerDay);
  EXPECT_EQ(last_day(), 0);
}

TEST_F(Windows, ARelativeWindowFollowsAClockThatIsPutBack) {
  const auto last_day = [&] { return CallsIn(Window::Last(kMicrosPerDay)); };
  StoreAt({kNowUs - kMicrosPerDay - kMicrosPerHour, kNowUs - kMicrosPerDay, kNowUs - 2});
  EXPECT_EQ(last_day(), 2);
  clock().Advance(-1);
  EXPECT_EQ(last_day(), 2);
  clock().Advance(-1);
  EXPECT_EQ(last_day(), 1);
  clock().Advance(-2 * kMicrosPerHour);
  EXPECT_EQ(last_day(), 2);
  clock().Set(kNowUs);
  EXPECT_EQ(last_day(), 2);
}

TEST_F(Windows, TheDayOnWhichClocksGoBackHasTwentyFiveHours) {
  const TimeRange day{At("2026-10-24T22:00:00Z"), At("2026-10-25T23:00:00Z")};
  StoreAt({day.start_us, At("2026-10-25T00:30:00Z"), At("2026-10-25T01:30:00Z"), day.end_us - 1,
           day.end_us});
  const SeriesAnswer days = Series(day, false, "Europe/Berlin");
  ASSERT_EQ(days.points.size(), 1U);
  EXPECT_EQ(days.points[0].range, day);
  EXPECT_EQ(days.points[0].sums.calls, 4);

  const SeriesAnswer hours = Series(day, true, "Europe/Berlin");
  ASSERT_EQ(hours.points.size(), 25U);
  EXPECT_EQ(hours.points[2].sums.calls, 1);  // 02:30 summer time
  EXPECT_EQ(hours.points[3].sums.calls, 1);  // and 02:30 winter time.
  for (const SeriesPoint& point : hours.points) {
    EXPECT_EQ(point.range.end_us - point.range.start_us, kMicrosPerHour);
  }
}

TEST_F(Windows, TheDayOnWhichClocksGoForwardHasTwentyThreeHours) {
  const TimeRange day{At("2026-03-28T23:00:00Z"), At("2026-03-29T22:00:00Z")};
  StoreAt({day.start_us, day.end_us - 1});
  EXPECT_EQ(Series(day, true, "Europe/Berlin").points.size(), 23U);
  const SeriesAnswer days = Series({day.start_us, day.end_us + 1}, false, "Europe/Berlin");
  ASSERT_EQ(days.points.size(), 2U);
  EXPECT_EQ(days.points[0].range, day);
  EXPECT_EQ(days.points[0].sums.calls, 2);
}

TEST_F(Windows, HoursOfAHalfHourZoneStartAtTheHalfHour) {
  const TimeRange range{At("2026-10-10T00:00:00Z"), At("2026-10-10T02:00:00Z")};
  StoreAt({At("2026-10-10T00:29:59Z"), At("2026-10-10T00:30:00Z")});
  const SeriesAnswer hours = Series(range, true, "Asia/Kolkata");
  ASSERT_EQ(hours.points.size(), 3U);
  EXPECT_EQ(hours.points[0].sums.calls, 1);
  EXPECT_EQ(hours.points[1].sums.calls, 1);
  EXPECT_EQ(hours.points[1].range.start_us, At("2026-10-10T00:30:00Z"));
}

TEST_F(Windows, TheFirstAndLastPointsCountOnlyTheCallsInTheWindow) {
  const int64_t day_us = At("2026-10-10T00:00:00Z");
  const TimeRange range{day_us + kMicrosPerHour, day_us + 2 * kMicrosPerDay + 1};
  StoreAt({range.start_us - 1, range.start_us, range.end_us - 1, range.end_us});
  const SeriesAnswer days = Series(range, false, "UTC");
  ASSERT_EQ(days.points.size(), 3U);
  EXPECT_EQ(days.points[0].sums.calls, 1);
  EXPECT_EQ(days.points[1].sums.calls, 0);
  EXPECT_EQ(days.points[2].sums.calls, 1);
}

TEST_F(Windows, PointsAreCutToTheWindow) {
  const int64_t day_us = At("2026-10-10T00:00:00Z");
  const TimeRange range{day_us + kMicrosPerHour, day_us + kMicrosPerDay + 5};
  const SeriesAnswer days = Series(range, false, "UTC");
  ASSERT_EQ(days.points.size(), 2U);
  EXPECT_EQ(days.points[0].range, (TimeRange{range.start_us, day_us + kMicrosPerDay}));
  EXPECT_EQ(days.points[1].range, (TimeRange{day_us + kMicrosPerDay, range.end_us}));
}

TEST_F(Windows, EveryBucketOfTheWindowHasAPointAndTheyAddUp) {
  StoreAt({kNowUs - 1, kNowUs - kMicrosPerDay, kNowUs - 29 * kMicrosPerDay});
  SeriesQuery query;
  query.window = Window::Last(30 * kMicrosPerDay);
  const SeriesAnswer series = Value(db().Series(query));
  ASSERT_EQ(series.points.size(), 30U);
  Picos cost = 0;
  int64_t end_us = series.range.start_us;
  for (const SeriesPoint& point : series.points) {
    EXPECT_EQ(point.range.start_us, end_us);
    end_us = point.range.end_us;
    cost += point.sums.cost;
  }
  EXPECT_EQ(end_us, series.range.end_us);
  EXPECT_EQ(cost, Picos{3});
  query.filter = OfStep("no such step");
  EXPECT_EQ(Value(db().Series(query)).points.size(), 30U);
}

}  // namespace
}  // namespace itemized::testing
