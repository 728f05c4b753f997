// SPDX-License-Identifier: Apache-2.0
#include "client/demo/traffic.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "client/demo/list_prices.h"
#include "client/demo/scenario.h"
#include "client/demo/shape.h"
#include "client/rates/bundled.h"
#include "storage/base/check.h"
#include "storage/base/time.h"

namespace itemized::demo {
namespace {

using ::testing::DoubleNear;
using ::testing::Gt;

constexpr int64_t kEndUs = 1'793'000'000 * kMicrosPerSecond;  // An instant of October 2026.

std::vector<Delivery> All(const TrafficOptions& options) {
  std::vector<Delivery> all;
  Traffic traffic(options);
  while (!traffic.Done()) {
    for (Delivery& delivery : traffic.NextHour()) {
      all.push_back(std::move(delivery));
    }
  }
  return all;
}

const RateBook& Bundled() {
  static const auto* const book = [] {
    const auto rates = client::BundledRates();
    CHECK_OK(rates);
    return new RateBook(BookOf(*rates).value());
  }();
  return *book;
}

Shape ShapeOf(const TrafficOptions& options) {
  Shape shape(Bundled());
  for (const Delivery& delivery : All(options)) {
    shape.Add(delivery);
  }
  return shape;
}

const Shape& Month() {
  static const auto* const shape =
      new Shape(ShapeOf({.seed = 1, .end_us = kEndUs, .days = 30, .runs_per_day = 1000}));
  return *shape;
}

Shape::Step StepOf(const Shape& shape, const std::string& name) {
  for (Shape::Step& step : shape.Steps()) {
    if (step.name == name) {
      return step;
    }
  }
  ADD_FAILURE() << "no step " << name;
  return {};
}

TEST(Traffic, TheSameSeedAndEndGiveTheSameEvents) {
  const TrafficOptions options{.seed = 3, .end_us = kEndUs, .days = 2, .runs_per_day = 100};
  const std::vector<Delivery> first = All(options);
  const std::vector<Delivery> second = All(options);
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].call, second[i].call);
    ASSERT_EQ(first[i].completion, second[i].completion);
  }
}

TEST(Traffic, AnotherSeedOrEndGivesOtherIds) {
  std::set<std::string> ids;
  int64_t calls = 0;
  for (const auto& [seed, end_us] :
       {std::pair<uint64_t, int64_t>(3, kEndUs), {4, kEndUs}, {3, kEndUs + 1}}) {
    for (const Delivery& delivery :
         All({.seed = seed, .end_us = end_us, .days = 1, .runs_per_day = 50})) {
      if (!delivery.is_completion) {
        ++calls;
        ids.insert(delivery.call.event_id);
      }
    }
  }
  EXPECT_EQ(static_cast<int64_t>(ids.size()), calls);
}

TEST(Traffic, DeliveriesComeInOrderAndNeverFromTheFuture) {
  int64_t last_us = 0;
  for (const Delivery& delivery :
       All({.seed = 1, .end_us = kEndUs, .days = 4, .runs_per_day = 300})) {
    const int64_t time_us =
        delivery.is_completion ? delivery.completion.time_us : delivery.call.time_us;
    ASSERT_GE(delivery.at_us, last_us);
    ASSERT_LE(time_us, delivery.at_us);
    ASSERT_LT(delivery.at_us, kEndUs);
    ASSERT_GE(time_us, kEndUs - 4 * kMicrosPerDay);
    last_us = delivery.at_us;
  }
}

TEST(Traffic, EveryCallHasAnIdOfItsOwn) {
  std::set<std::string> ids;
  int64_t calls = 0;
  for (const Delivery& delivery :
       All({.seed = 1, .end_us = kEndUs, .days = 2, .runs_per_day = 500})) {
    if (!delivery.is_completion) {
      ++calls;
      ids.insert(delivery.call.event_id);
    }
  }
  EXPECT_EQ(static_cast<int64_t>(ids.size()), calls);
}

TEST(Traffic, ShortCircuitedRunsNameTheStepNobodyUsed) {
  int64_t short_circuited = 0;
  for (const Delivery& delivery :
       All({.seed = 1, .end_us = kEndUs, .days = 1, .runs_per_day = 500})) {
    if (delivery.is_completion && delivery.completion.outcome == Outcome::kShortCircuited) {
      ++short_circuited;
      EXPECT_EQ(delivery.completion.unused_steps, std::vector<std::string>{"doc_synthesis"});
    }
  }
  EXPECT_THAT(short_circuited, Gt(20));
}

TEST(Traffic, WeekendsAndNightsAreQuiet) {
  std::map<int, int64_t> by_weekday;  // 0: Thursday, as 1970-01-01.
  std::map<int, int64_t> by_hour;
  for (const Delivery& delivery :
       All({.seed = 1, .end_us = kEndUs, .days = 14, .runs_per_day = 300})) {
    ++by_weekday[static_cast<int>(DayOf(delivery.at_us).value() % 7)];
    ++by_hour[HourOfDay(HourOf(delivery.at_us))];
  }
  EXPECT_THAT(by_weekday[0], Gt(2 * by_weekday[2]));  // Saturday.
  EXPECT_THAT(by_hour[14], Gt(3 * by_hour[3]));
}

TEST(Shape, DocSynthesisIsFewCallsAndMuchOfTheSpend) {
  const Shape::Step step = StepOf(Month(), "doc_synthesis");
  EXPECT_THAT(step.call_share, DoubleNear(0.09, 0.004));
  EXPECT_THAT(step.spend_share, DoubleNear(0.38, 0.015));
}

TEST(Shape, StatusCheckIsManyCallsAndLittleOfTheSpend) {
  const Shape::Step step = StepOf(Month(), "status_check");
  EXPECT_THAT(step.call_share, DoubleNear(0.41, 0.008));
  EXPECT_THAT(step.spend_share, DoubleNear(0.03, 0.003));
}

TEST(Shape, TwelvePercentOfCallsCostEighteenTimesTheMedian) {
  int64_t outliers = 0;
  for (const Shape::Step& step : Month().Steps()) {
    outliers += step.outliers;
    EXPECT_THAT(step.median_multiple, DoubleNear(18, 3)) << step.name;
  }
  EXPECT_THAT(static_cast<double>(outliers) / static_cast<double>(Month().calls()),
              DoubleNear(0.12, 0.003));
  EXPECT_THAT(StepOf(Month(), "doc_synthesis").median_multiple, DoubleNear(18, 1.5));
}

TEST(Shape, ARunTakesElevenCallsAndMayEndInEveryWay) {
  int64_t ended = 0;
  for (const Outcome outcome :
       {Outcome::kCompleted, Outcome::kFailed, Outcome::kShortCircuited, Outcome::kAbandoned}) {
    EXPECT_THAT(Month().runs(outcome), Gt(100));
    ended += Month().runs(outcome);
  }
  EXPECT_THAT(static_cast<double>(Month().calls()) / static_cast<double>(ended),
              DoubleNear(11, 0.3));
  EXPECT_THAT(static_cast<double>(ended), DoubleNear(29'000, 1'000));  // Less at weekends.
}

TEST(Shape, OnlyCallsWithoutUsageAreUnpriced) {
  const double share =
      static_cast<double>(Month().unpriced_calls()) / static_cast<double>(Month().calls());
  EXPECT_THAT(share, DoubleNear(kNoUsageShare, 0.0004));
  EXPECT_THAT(Month().late_calls(), Gt(20));
}

TEST(Shape, EveryModelOfTheScenarioHasABundledPrice) {
  for (const StepProfile& step : Steps()) {
    for (const ModelShare& share : step.models) {
      EXPECT_NE(Bundled().Find(share.provider, share.model).At(kEndUs), nullptr) << share.model;
    }
  }
}

}  // namespace
}  // namespace itemized::demo
