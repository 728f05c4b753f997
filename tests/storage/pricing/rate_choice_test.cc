// SPDX-License-Identifier: Apache-2.0
// Which of several rates a call has: by who set them, how names are read, and the hour.

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <gtest/gtest.h>

#include "storage/base/time.h"
#include "storage/pricing/rate_book.h"
#include "tests/storage/pricing/rates_for_test.h"

namespace itemized {
namespace {

TEST(RateChoice, AUsersRateGoesBeforeAnyBundledOne) {
  Rate bundled = Named("anthropic", ModelMatch::Equals("claude-x"), 50, "bundled");
  bundled.origin = RateOrigin::kBundled;
  const RateBook book = BookOf({bundled, Named("", StartsWith("claude"), 20, "own")});
  EXPECT_EQ(SourceAt(book, "anthropic", "claude-x", 10), "none");
  EXPECT_EQ(SourceAt(book, "anthropic", "claude-x", 60), "own");
  EXPECT_EQ(SourceAt(BookOf({bundled}), "anthropic", "claude-x", 60), "bundled");
}

TEST(RateChoice, AUsersRateAndABundledOneOfTheSameNamesStandSideBySide) {
  Rate bundled = Named("p", StartsWith("m"), 5, "bundled");
  bundled.origin = RateOrigin::kBundled;
  RateBook book = BookOf({bundled, Named("p", StartsWith("m"), 5, "own")});
  EXPECT_EQ(book.size(), 2U);
  EXPECT_EQ(SourceAt(book, "p", "m", 5), "own");
  book.Remove(RateKey(Named("p", StartsWith("m"), 5, "own")));
  EXPECT_EQ(SourceAt(book, "p", "m", 5), "bundled");
}

TEST(RateChoice, ARateForAGatewayIsForCallsOfTheGatewayAlone) {
  const RateBook book = BookOf({Named("LiteLLM", ModelMatch::Equals("m"), 0, "gateway")});
  EXPECT_EQ(SourceAt(book, "litellm", "m", 1), "gateway");
  EXPECT_EQ(SourceAt(book, "openai", "m", 1), "none");
  EXPECT_EQ(SourceAt(book, "", "m", 1), "none");
}

TEST(RateChoice, NamesAsTheyStandGoBeforeWhatTheyAreReadAs) {
  const RateBook book = BookOf({Named("azure", StartsWith("gpt-5"), 0, "azure"),
                                Named("openai", ModelMatch::Equals("gpt-5"), 0, "openai")});
  EXPECT_EQ(SourceAt(book, "az.ai.openai", "gpt-5", 1), "azure");
  EXPECT_EQ(SourceAt(book, "azure", "gpt-5-2025-08-07", 1), "azure");
  EXPECT_EQ(SourceAt(book, "", "azure/gpt-5", 1), "azure");
  EXPECT_EQ(SourceAt(book, "", "gpt-5", 1), "openai");
  EXPECT_EQ(SourceAt(book, "groq", "gpt-5", 1), "none");
}

TEST(RateChoice, ARateForSomeHoursHoldsInThemAlone) {
  const int64_t day_us = 20'000 * kMicrosPerDay;
  const auto at = [&](int64_t hours, int64_t minutes) {
    return day_us + hours * kMicrosPerHour + minutes * 60 * kMicrosPerSecond;
  };
  Rate peak = Named("deepseek", StartsWith("deepseek-chat"), 0, "peak");
  peak.hours = {.from_s = 30 * 60, .to_s = 16 * 3'600 + 30 * 60};
  Rate night = Named("deepseek", StartsWith("deepseek-chat"), 0, "night");
  night.hours = {.from_s = 22 * 3'600, .to_s = 15 * 60};
  const RateBook book =
      BookOf({Named("deepseek", StartsWith("deepseek-chat"), 0, "base"), peak, night});
  EXPECT_EQ(SourceAt(book, "deepseek", "deepseek-chat", at(0, 29)), "base");
  EXPECT_EQ(SourceAt(book, "deepseek", "deepseek-chat", at(0, 30)), "peak");
  EXPECT_EQ(SourceAt(book, "deepseek", "deepseek-chat", at(16, 30) - 1), "peak");
  EXPECT_EQ(SourceAt(book, "deepseek", "deepseek-chat", at(16, 30)), "base");
  EXPECT_EQ(SourceAt(book, "deepseek", "deepseek-chat", at(22, 0)), "night");
  EXPECT_EQ(SourceAt(book, "deepseek", "deepseek-chat", at(0, 15) - 1), "night");
  EXPECT_EQ(SourceAt(book, "deepseek", "deepseek-chat", at(0, 15)), "base");
}

TEST(RateChoice, ACallHasTheRateOfItsTierAndRegionOrNone) {
  const auto served = [](absl::string_view tier, absl::string_view region) {
    Rate rate = Named("", ModelMatch::Equals("m"), 0, absl::StrCat(tier, "+", region));
    rate.service_tier = std::string(tier);
    rate.region = std::string(region);
    return rate;
  };
  const RateBook book =
      BookOf({served("", ""), served("flex", ""), served("", "us"), served("batch", "us")});
  const auto source = [&](absl::string_view tier, absl::string_view region) {
    const Rate* rate = book.Find("p", "m", {.service_tier = tier, .region = region}).At(1);
    return rate == nullptr ? "none" : rate->source;
  };
  EXPECT_EQ(book.size(), 4U);
  EXPECT_EQ(source("", ""), "+");
  EXPECT_EQ(source("flex", ""), "flex+");
  EXPECT_EQ(source("", "us"), "+us");
  EXPECT_EQ(source("batch", "us"), "batch+us");
  EXPECT_EQ(source("priority", ""), "none");
  EXPECT_EQ(source("flex", "us"), "none");
  EXPECT_EQ(source("", "eu"), "none");
  EXPECT_TRUE(book.Covers("p", "m"));
  EXPECT_FALSE(book.Covers("p", "other"));
}

TEST(RateChoice, ALaterRateForTheWholeDayEndsAnEarlierOneForSomeHours) {
  Rate peak = Named("p", StartsWith("m"), 0, "peak");
  peak.hours = {.from_s = 0, .to_s = 43'200};
  const RateBook book = BookOf({peak, Named("p", StartsWith("m"), 30 * kMicrosPerDay, "later")});
  EXPECT_EQ(SourceAt(book, "p", "m", 29 * kMicrosPerDay), "peak");
  EXPECT_EQ(SourceAt(book, "p", "m", 29 * kMicrosPerDay + 13 * kMicrosPerHour), "none");
  EXPECT_EQ(SourceAt(book, "p", "m", 31 * kMicrosPerDay), "later");
}

}  // namespace
}  // namespace itemized
