// SPDX-License-Identifier: Apache-2.0
#include "server/convert/query_requests.h"

#include <cctype>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr int64_t kHour = 3'600'000'000;

// Returns the sentence of `status`, which must be INVALID_ARGUMENT.
std::string Refusal(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  const std::string sentence(status.message());
  EXPECT_TRUE(std::isupper(static_cast<unsigned char>(sentence.front()))) << sentence;
  EXPECT_THAT(sentence, EndsWith("."));
  return sentence;
}

TEST(QueryRequests, AWindowThatSaysNothingIsTheLastThirtyDays) {
  const auto query = ToTopQuery({});
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->window.last_us, 30 * 24 * kHour);
  EXPECT_EQ(query->by, GroupBy::kStep);
}

TEST(QueryRequests, LastWinsOverStartAndEnd) {
  pb::WindowSpec spec;
  spec.set_last_us(kHour);
  spec.set_start_unix_us(5);
  EXPECT_EQ(ToWindow(spec)->last_us, kHour);
}

TEST(QueryRequests, ARangeIsTakenAsItIs) {
  pb::WindowSpec spec;
  spec.set_start_unix_us(5);
  spec.set_end_unix_us(6);
  const auto window = ToWindow(spec);
  ASSERT_TRUE(window.ok());
  EXPECT_FALSE(window->last_us.has_value());
  EXPECT_EQ(window->range, (TimeRange{5, 6}));
}

TEST(QueryRequests, WindowsThatMakeNoSenseAreRefused) {
  pb::WindowSpec reversed;
  reversed.set_start_unix_us(1'000'000);
  EXPECT_THAT(Refusal(ToWindow(reversed).status()), HasSubstr("must be after its start"));
  pb::WindowSpec early;
  early.set_start_unix_us(-1);
  early.set_end_unix_us(1);
  EXPECT_THAT(Refusal(ToWindow(early).status()), HasSubstr("between 1970 and 2200"));
  pb::WindowSpec late;
  late.set_end_unix_us(std::numeric_limits<int64_t>::max());
  EXPECT_THAT(Refusal(ToWindow(late).status()), HasSubstr("between 1970 and 2200"));
  for (int64_t last_us : {int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    pb::WindowSpec last;
    last.set_last_us(last_us);
    EXPECT_THAT(Refusal(ToWindow(last).status()), HasSubstr("last_us"));
  }
}

TEST(QueryRequests, TopRefusesWhatItCannotGroupBy) {
  pb::GetTopRequest request;
  request.set_by(pb::GROUP_BY_ATTRIBUTE);
  EXPECT_THAT(Refusal(ToTopQuery(request).status()), HasSubstr("attribute_key is empty"));
  request.set_attribute_key("tenant");
  EXPECT_EQ(ToTopQuery(request)->attribute_key, "tenant");
  request.set_by(pb::GROUP_BY_MODEL);
  EXPECT_THAT(Refusal(ToTopQuery(request).status()), HasSubstr("not GROUP_BY_ATTRIBUTE"));
  request.Clear();
  request.set_by(static_cast<pb::GroupBy>(77));
  EXPECT_THAT(Refusal(ToTopQuery(request).status()), HasSubstr("by is 77"));
  request.Clear();
  request.set_limit(-3);
  EXPECT_THAT(Refusal(ToTopQuery(request).status()), HasSubstr("limit is -3"));
}

TEST(QueryRequests, SeriesHaveHoursOrDaysOfAKnownZone) {
  pb::GetSeriesRequest request;
  EXPECT_THAT(Refusal(ToSeriesQuery(request).status()), HasSubstr("hours (3600000000)"));
  request.set_every_us(24 * kHour);
  request.set_time_zone("Europe/Berlin");
  request.set_step("plan");
  const auto query = ToSeriesQuery(request);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_FALSE(query->by_hour);
  EXPECT_EQ(query->zone.name(), "Europe/Berlin");
  EXPECT_EQ(query->filter[NameKind::kStep], "plan");
  request.set_every_us(kHour);
  EXPECT_TRUE(ToSeriesQuery(request)->by_hour);
}

TEST(QueryRequests, OnlyNamesOfTheTimeZoneDatabaseAreZones) {
  for (const char* name : {"Mars/Olympus", "/etc/passwd", "../../etc/passwd", "file:/etc/hosts"}) {
    EXPECT_THAT(Refusal(ToTimeZone(name).status()), HasSubstr("IANA name")) << name;
  }
  EXPECT_EQ(ToTimeZone("")->name(), "UTC");
}

// If a zone had many names, there would be no end of those that Abseil keeps.
TEST(QueryRequests, AZoneHasOneNameOnly) {
  using namespace std::string_literals;
  for (const std::string& name :
       {"./UTC"s, "Europe//Berlin"s, "Europe/./Berlin"s, "UTC/"s, "UTC\0x"s, "Europe"s}) {
    EXPECT_THAT(Refusal(ToTimeZone(name).status()), HasSubstr("IANA name")) << name;
  }
  for (const char* name : {"America/Port-au-Prince", "Etc/GMT+3", "America/New_York"}) {
    EXPECT_TRUE(ToTimeZone(name).ok()) << name;
  }
}

TEST(QueryRequests, ASeriesHasABoundedNumberOfPoints) {
  pb::GetSeriesRequest request;
  request.set_every_us(kHour);
  request.mutable_window()->set_last_us(kSeriesPointsMax * kHour);
  EXPECT_TRUE(ToSeriesQuery(request).ok());
  request.mutable_window()->set_last_us((kSeriesPointsMax + 1) * kHour);
  EXPECT_THAT(Refusal(ToSeriesQuery(request).status()), HasSubstr("20001 buckets"));
}

TEST(QueryRequests, OutliersHaveADefaultLimitAndAGreatestOne) {
  pb::GetOutliersRequest request;
  EXPECT_EQ(ToOutliersQuery(request)->limit, 100u);
  request.set_limit(7);
  EXPECT_EQ(ToOutliersQuery(request)->limit, 7u);
  request.set_limit(kOutliersMax + 1);
  EXPECT_THAT(Refusal(ToOutliersQuery(request).status()), HasSubstr("at most 10000"));
  request.set_limit(-1);
  EXPECT_THAT(Refusal(ToOutliersQuery(request).status()), HasSubstr("limit is -1"));
}

TEST(QueryRequests, OutliersComeNewestFirstUnlessTheDearestAreAskedFor) {
  pb::GetOutliersRequest request;
  EXPECT_EQ(ToOutliersQuery(request)->order, OutlierOrder::kNewest);
  request.set_order(pb::OUTLIER_ORDER_COST);
  EXPECT_EQ(ToOutliersQuery(request)->order, OutlierOrder::kCost);
  request.set_order(static_cast<pb::OutlierOrder>(9));
  EXPECT_THAT(Refusal(ToOutliersQuery(request).status()), HasSubstr("order is 9"));
}

TEST(QueryRequests, ARunHasAnId) {
  EXPECT_THAT(Refusal(ToRunQuery({}).status()), HasSubstr("workflow_id is empty"));
}

}  // namespace
}  // namespace itemized::server
