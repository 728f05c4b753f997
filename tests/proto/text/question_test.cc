// SPDX-License-Identifier: Apache-2.0
#include "proto/text/question.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::text {
namespace {

using ::testing::HasSubstr;

TEST(Question, GroupsByANameOrAnAttribute) {
  v1::GroupBy by = v1::GROUP_BY_UNSPECIFIED;
  std::string key = "left from before";
  EXPECT_TRUE(ParseGroupBy("model", &by, &key));
  EXPECT_EQ(by, v1::GROUP_BY_MODEL);
  EXPECT_EQ(key, "");
  EXPECT_TRUE(ParseGroupBy("attribute:release:v2", &by, &key));
  EXPECT_EQ(by, v1::GROUP_BY_ATTRIBUTE);
  EXPECT_EQ(key, "release:v2");
  for (const char* text : {"", "Model", "unspecified", "attribute", "attribute:", "day"}) {
    EXPECT_FALSE(ParseGroupBy(text, &by, &key)) << text;
  }
}

TEST(Question, TakesAttributesWithTheirValue) {
  v1::CallFilter filter;
  EXPECT_TRUE(AddAttribute("tenant=acme", &filter).ok());
  EXPECT_TRUE(AddAttribute("query=a=b", &filter).ok());
  EXPECT_TRUE(AddAttribute("empty=", &filter).ok());
  EXPECT_TRUE(AddAttribute("tenant=acme", &filter).ok());
  EXPECT_EQ(filter.attributes().at("tenant"), "acme");
  EXPECT_EQ(filter.attributes().at("query"), "a=b");
  EXPECT_EQ(filter.attributes().at("empty"), "");
}

TEST(Question, SaysWhatIsWrongWithAnAttribute) {
  v1::CallFilter filter;
  EXPECT_THAT(std::string(AddAttribute("tenant", &filter).message()), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(std::string(AddAttribute("=acme", &filter).message()), HasSubstr("KEY=VALUE"));
  EXPECT_TRUE(AddAttribute("tenant=acme", &filter).ok());
  EXPECT_THAT(std::string(AddAttribute("tenant=initech", &filter).message()),
              HasSubstr("given twice"));
}

}  // namespace
}  // namespace itemized::text
