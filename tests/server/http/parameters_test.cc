// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/parameters.h"
#include "server/http/questions.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kNowUs = 1'793'491'200'000'000;  // 2026-11-01T00:00:00Z

Parameters Parse(const std::string& query) {
  auto parameters = Parameters::Parse(query);
  EXPECT_TRUE(parameters.ok()) << parameters.status();
  return *std::move(parameters);
}

TEST(Parameters, AreDecoded) {
  Parameters parameters = Parse("step=caf%C3%A9+au%20lait&empty=&a=1&a=2&flag");
  EXPECT_EQ(parameters.Take("step"), "café au lait");
  EXPECT_EQ(parameters.Take("empty"), "");
  EXPECT_THAT(parameters.TakeAll("a"), ElementsAre("1", "2"));
  EXPECT_TRUE(parameters.Has("flag"));
  EXPECT_FALSE(parameters.Has("other"));
  EXPECT_TRUE(parameters.Finish().ok());
}

TEST(Parameters, ThatCannotBeDecodedAreRefused) {
  for (const char* query : {"a=%", "a=%4", "a=%zz", "%FF=1", "a=%C3"}) {
    EXPECT_FALSE(Parameters::Parse(query).ok()) << query;
  }
}

TEST(Parameters, ThatNobodyKnowsAreNamed) {
  Parameters parameters = Parse("windw=7d");
  parameters.Take("window");
  EXPECT_THAT(std::string(parameters.Finish().message()),
              AllOf(HasSubstr("\"windw\""), HasSubstr("there are window.")));
}

TEST(Questions, OfTopAreThoseOfTheCommand) {
  const auto request = ToTopRequest(
      Parse("by=attribute:tenant&from=2026-10-25&to=2026-10-26&tz=Europe/Berlin&limit=3&step="
            "&workflow=w&attribute=a%3D1&attribute=b%3D2"),
      kNowUs);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->by(), pb::GROUP_BY_ATTRIBUTE);
  EXPECT_EQ(request->attribute_key(), "tenant");
  EXPECT_EQ(request->window().end_unix_us() - request->window().start_unix_us(),
            25 * kMicrosPerHour);  // The clocks go back on that day.
  EXPECT_EQ(request->limit(), 3);
  EXPECT_TRUE(request->filter().has_step());  // The question is about calls that name none.
  EXPECT_FALSE(request->filter().has_model());
  EXPECT_EQ(request->filter().workflow(), "w");
  EXPECT_EQ(request->filter().attributes_size(), 2);
}

TEST(Questions, OfSeriesHaveBucketsAndGroups) {
  const auto request = ToSeriesRequest(Parse("every=1h&by=model&step=s&tz=Asia/Kolkata"), kNowUs);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->every_us(), kMicrosPerHour);
  EXPECT_EQ(request->by(), pb::GROUP_BY_MODEL);
  EXPECT_EQ(request->time_zone(), "Asia/Kolkata");
  EXPECT_EQ(ToSeriesRequest(Parse(""), kNowUs)->by(), pb::GROUP_BY_UNSPECIFIED);
  EXPECT_EQ(ToSeriesRequest(Parse(""), kNowUs)->every_us(), kMicrosPerDay);
}

TEST(Questions, SayWhatIsWrongWithThem) {
  const auto top = [](const std::string& query) {
    return std::string(ToTopRequest(Parse(query), kNowUs).status().message());
  };
  EXPECT_THAT(top("by=day"), HasSubstr("by must be step, model"));
  EXPECT_THAT(top("limit=-1"), HasSubstr("limit must be a whole number"));
  EXPECT_THAT(top("limit=many"), HasSubstr("\"many\""));
  EXPECT_THAT(top("window=soon"), HasSubstr("window must be a length"));
  EXPECT_THAT(top("to=2026-10-01"), HasSubstr("to needs from"));
  EXPECT_THAT(top("tz=Mars/Olympus"), HasSubstr("IANA name"));
  EXPECT_THAT(top("attribute=tenant"), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(std::string(ToDistributionRequest(Parse(""), kNowUs).status().message()),
              HasSubstr("Give step"));
  EXPECT_FALSE(ToDistributionRequest(Parse("step=a&workflow=b"), kNowUs).ok());
  EXPECT_FALSE(ToSeriesRequest(Parse("every=2h"), kNowUs).ok());
}

}  // namespace
}  // namespace itemized::server
