// SPDX-License-Identifier: Apache-2.0
#include "proto/text/change.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized::text {
namespace {

using ::testing::HasSubstr;

v1::StepChange Parsed(absl::string_view text) {
  absl::StatusOr<v1::StepChange> change = ParseChange(text);
  EXPECT_TRUE(change.ok()) << change.status();
  return change.ok() ? *change : v1::StepChange();
}

std::string RefusalOf(absl::string_view text) {
  const absl::StatusOr<v1::StepChange> change = ParseChange(text);
  EXPECT_TRUE(absl::IsInvalidArgument(change.status())) << text;
  return std::string(change.status().message());
}

// What `itemize what-if` prints of a change is what it reads.
TEST(Change, IsWrittenAsItIsRead) {
  for (const std::string option :
       {"--model planning=claude-haiku-4-5", "--model a=b=c", "--model s=openai/gpt-5-mini",
        "--gate doc_synthesis:skip=0.61,cost=0.00004", "--gate doc_synthesis",
        "--gate a:b:skip=0.5,cost=1,setup=20", "--gate a:skip=0.5:", "--gate a::",
        "--cap-input doc_synthesis=3200", "--cache research=0.8", "--batch a:b=c", "--drop x y"}) {
    const size_t space = option.find(' ');
    const absl::StatusOr<v1::StepChange> change =
        ParseChange(option.substr(2, space - 2), option.substr(space + 1));
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_EQ(ChangeText(*change), option);
  }
}

TEST(Change, OfAModelIsSplitAtTheLastEqualsSign) {
  const v1::StepChange change = Parsed("model:a=b:c=openai/gpt-5");
  EXPECT_EQ(change.step(), "a=b:c");
  EXPECT_EQ(change.model().model(), "openai/gpt-5");
  EXPECT_EQ(change.model().provider(), "");
}

TEST(Change, OfAGateHasTheStepBeforeTheLastColonThatItsFieldsFollow) {
  const v1::StepChange change = Parsed("gate:a:b=c:setup=20,skip=.610");
  EXPECT_EQ(change.step(), "a:b=c");
  EXPECT_EQ(change.gate().skip(), "0.61");
  EXPECT_EQ(change.gate().cost_usd(), "");
  EXPECT_EQ(change.gate().setup_usd(), "20");
  EXPECT_EQ(Parsed("gate:a:b=c").step(), "a:b=c");
  EXPECT_EQ(Parsed("gate:a:skip=0.5:").step(), "a:skip=0.5");
  EXPECT_EQ(Parsed("gate:a:cost=4e-05").gate().cost_usd(), "0.00004");
}

TEST(Change, ThatCannotBeReadSaysWhatItMustBe) {
  EXPECT_THAT(RefusalOf("swap:a=b"), HasSubstr("model, gate, cap-input, cache, batch, drop"));
  EXPECT_THAT(RefusalOf("planning"), HasSubstr("model:planning=claude-haiku-4-5"));
  EXPECT_THAT(RefusalOf("model:planning"), HasSubstr("STEP=MODEL"));
  EXPECT_THAT(RefusalOf("model:planning="), HasSubstr("STEP=MODEL"));
  EXPECT_THAT(RefusalOf("cap-input:a=3.5"), HasSubstr("whole number"));
  EXPECT_THAT(RefusalOf("cache:a=80%"), HasSubstr("decimal number such as 0.61"));
  EXPECT_THAT(RefusalOf("gate:a:skip=61%"), HasSubstr("skip must be a decimal number"));
  EXPECT_THAT(RefusalOf("gate:a:skip=0.5,skip=0.6"), HasSubstr("twice"));
  EXPECT_THAT(RefusalOf("gate:a:skip=0.5,price=3"), HasSubstr("price=3"));
  EXPECT_THAT(RefusalOf("drop:"), HasSubstr("names no step"));
}

}  // namespace
}  // namespace itemized::text
