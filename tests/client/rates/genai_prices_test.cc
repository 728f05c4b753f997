// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/rates/rates_for_test.h"

namespace itemized::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// A file with one provider and the given models.
std::string Provider(absl::string_view models) {
  return absl::StrCat(R"([{"id": "acme", "name": "Acme", "api_pattern": "x", "models": [)", models,
                      "]}]");
}

// One model with the given match clause.
std::string Matching(absl::string_view clause) {
  return Provider(
      absl::StrCat(R"({"id": "m", "match": )", clause, R"(, "prices": {"input_mtok": 1}})"));
}

// One model with the given prices.
std::string Priced(absl::string_view prices) {
  return Provider(absl::StrCat(R"({"id": "m", "match": {"equals": "m"}, "prices": )", prices, "}"));
}

TEST(GenaiPrices, EveryMatchClauseIsTaken) {
  EXPECT_THAT(LinesOf(Matching(R"({"equals": "a"})")), ElementsAre("acme a input=1"));
  EXPECT_THAT(LinesOf(Matching(R"({"starts_with": "a"})")), ElementsAre("acme a* input=1"));
  EXPECT_THAT(LinesOf(Matching(R"({"ends_with": "a"})")), ElementsAre("acme *a input=1"));
  EXPECT_THAT(LinesOf(Matching(R"({"contains": "a"})")), ElementsAre("acme *a* input=1"));
  EXPECT_THAT(LinesOf(Matching(R"({"regex": "^a-\\d{8}$"})")),
              ElementsAre("acme /^a-\\d{8}$/ input=1"));
  EXPECT_THAT(LinesOf(Matching(R"({"or": [{"equals": "a"}, {"and": [{"starts_with": "b"},
                                                                  {"contains": "c"}]}]})")),
              ElementsAre("acme any(a, all(b*, *c*)) input=1"));
}

TEST(GenaiPrices, AnExpressionThatRe2LacksLeavesTheRestOfTheMatchOrTheId) {
  EXPECT_THAT(LinesOf(Matching(R"({"or": [{"equals": "a"}, {"regex": "^(?!b).*x"}]})")),
              ElementsAre("acme any(a) input=1"));
  std::vector<std::string> warnings;
  EXPECT_THAT(LinesOf(Matching(R"({"and": [{"starts_with": "a"}, {"regex": "^(?!b).*x"}]})"), {},
                      &warnings),
              ElementsAre("acme m input=1"));
  EXPECT_THAT(warnings, ElementsAre("Matched by id alone, as their expressions are not RE2 syntax: "
                                    "acme/m (1)."));
}

TEST(GenaiPrices, EveryPriceHasItsClass) {
  EXPECT_THAT(LinesOf(Priced(R"({"input_mtok": 1, "output_mtok": 2.50, "cache_read_mtok": 0.1,
      "cache_write_mtok": 1.25, "cache_write_1h_mtok": 2, "output_reasoning_mtok": 3,
      "input_audio_mtok": 4, "output_audio_mtok": 5, "cache_audio_read_mtok": 6,
      "input_image_mtok": 7, "output_image_mtok": 8, "web_searches_kcount": 10,
      "requests_kcount": 5})")),
              ElementsAre("acme m input=1 cache_read=0.1 cache_write_5m=1.25 cache_write_1h=2 "
                          "output=2.5 reasoning=3 input_audio=4 cache_read_audio=6 output_audio=5 "
                          "input_image=7 output_image=8 web_search=10 request=5"));
}

TEST(GenaiPrices, TiersOfAllPricesAreMerged) {
  EXPECT_THAT(LinesOf(Priced(
                  R"({"input_mtok": {"base": 1, "tiers": [{"start": 128000, "price": 2},
                                                  {"start": 256000, "price": 4}]},
              "output_mtok": {"base": 10, "tiers": [{"start": 128000, "price": 20}]},
              "cache_read_mtok": 0.1})")),
              ElementsAre("acme m input=1 cache_read=0.1 output=10 >128000 input=2 output=20 "
                          ">256000 input=4 output=20"));
}

// Prices of one model that depend on the hour: "@" has the seconds of the day, "from" the instant.
std::vector<std::string> HoursOf(absl::string_view history) {
  std::vector<std::string> lines;
  const absl::StatusOr<RateImport> import = ParseRateFile(Priced(history));
  EXPECT_TRUE(import.ok()) << import.status();
  for (const v1::Rate& rate : import.value().rates) {
    lines.push_back(absl::StrCat(rate.effective_from_unix_us() / 1'000'000, " @",
                                 rate.hours().from_second(), "-", rate.hours().to_second(), " ",
                                 rate.prices().input()));
  }
  return lines;
}

TEST(GenaiPrices, HoursOfTheDayHoldBesideEachPriceForWholeDaysBeforeThem) {
  EXPECT_THAT(
      HoursOf(R"([{"prices": {"input_mtok": 1}},
      {"constraint": {"type": "start_date", "start_date": "1970-01-02"}, "prices": {"input_mtok": 2}},
      {"constraint": {"type": "time_of_date", "start_time": "00:30:00Z", "end_time": "16:30:00Z"},
       "prices": {"input_mtok": 3}}])"),
      UnorderedElementsAre("0 @0-0 1", "86400 @0-0 2", "0 @1800-59400 3", "86400 @1800-59400 3"));
}

TEST(GenaiPrices, ALaterDateEndsThePricesForHours) {
  EXPECT_THAT(HoursOf(R"([{"prices": {"input_mtok": 1}},
      {"constraint": {"start_time": "22:00:00Z", "end_time": "06:00:00Z"},
       "prices": {"input_mtok": 3}},
      {"constraint": {"start_date": "1970-01-02"}, "prices": {"input_mtok": 2}}])"),
              UnorderedElementsAre("0 @0-0 1", "0 @79200-21600 3", "86400 @0-0 2"));
}

TEST(GenaiPrices, HoursThatAreNoneAreToldWithTheModel) {
  for (const absl::string_view hours :
       {R"({"start_time": "25:00:00Z", "end_time": "06:00:00Z"})", R"({"start_time": "01:00:00Z"})",
        R"({"start_time": "01:00:00", "end_time": "06:00:00+02:00"})"}) {
    const absl::Status status =
        ParseRateFile(Priced(absl::StrCat(R"([{"constraint": )", hours,
                                          R"(, "prices": {"input_mtok": 3}}])")))
            .status();
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("acme/m"), HasSubstr("\"00:30:00Z\"")));
  }
}

TEST(GenaiPrices, StartDatesBecomeInstants) {
  EXPECT_THAT(LinesOf(Priced(R"([{"prices": {"input_mtok": 2}},
      {"constraint": {"type": "start_date", "start_date": "2026-03-13"},
       "prices": {"input_mtok": 1}}])")),
              UnorderedElementsAre("acme m input=2", "acme m @1773360000000000 input=1"));
}

TEST(GenaiPrices, OfTwoActivePricesTheLastListedWins) {
  EXPECT_THAT(LinesOf(Priced(R"([{"prices": {"input_mtok": 1}},
      {"constraint": {"start_date": "2026-05-01"}, "prices": {"input_mtok": 2}},
      {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 3}}])")),
              UnorderedElementsAre("acme m input=1", "acme m @1773360000000000 input=3"));
}

TEST(GenaiPrices, TheInstantOfTheOptionsIsTheEarliest) {
  EXPECT_THAT(LinesOf(Priced(R"([{"prices": {"input_mtok": 2}},
      {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 1}}])"),
                      {RateFormat::kAuto, 1'773'360'000'000'001, ""}),
              ElementsAre("acme m @1773360000000001 input=1"));
}

TEST(GenaiPrices, OtherConditionsAreLeftOutAndSaid) {
  std::vector<std::string> warnings;
  EXPECT_THAT(LinesOf(Priced(R"([{"prices": {"input_mtok": 2}},
      {"constraint": {"type": "weekend"}, "prices": {"input_mtok": 1}},
      {"constraint": {"start_date": "2026-03-13", "price_context": "batch"},
       "prices": {"input_mtok": 0.5}}])"),
                      {}, &warnings),
              ElementsAre("acme m input=2"));
  EXPECT_THAT(warnings,
              ElementsAre(AllOf(HasSubstr("Left out 2 prices"), HasSubstr("acme/m (2)"))));
}

TEST(GenaiPrices, PricesOfOtherUnitsAreLeftOutAndSaid) {
  std::vector<std::string> warnings;
  EXPECT_THAT(LinesOf(Provider(R"({"id": "a", "match": {"equals": "a"},
                                   "prices": {"input_mtok": 1, "audio_hours": 2}},
                                  {"id": "b", "match": {"equals": "b"}, "prices": {"audio_hours": 2}},
                                  {"id": "c", "match": {"equals": "c"},
                                   "prices": {"input_mtok": 0.0000011}})"),
                      {}, &warnings),
              ElementsAre("acme a input=1", "acme c input=0.000001"));
  EXPECT_THAT(warnings, UnorderedElementsAre("Left out 1 model without a price per token.",
                                             "Rounded 1 price to 10^-12 USD a unit.",
                                             "Ignored prices of other kinds: audio_hours (2)."));
}

TEST(GenaiPrices, FaultsNameTheModel) {
  EXPECT_THAT(ErrorOf(Priced(R"({"input_mtok": "dear"})")),
              AllOf(HasSubstr("Model \"acme/m\""), HasSubstr("\"input_mtok\""), HasSubstr("dear")));
  EXPECT_THAT(ErrorOf(Priced(R"({"input_mtok": {"tiers": []}})")), HasSubstr("no \"base\""));
  EXPECT_THAT(
      ErrorOf(Priced(R"({"input_mtok": {"base": 1, "tiers": [{"start": 1.5, "price": 1}]}})")),
      HasSubstr("whole \"start\""));
  EXPECT_THAT(ErrorOf(Priced(R"([{"constraint": {"start_date": "soon"}, "prices": {}}])")),
              HasSubstr("is no date"));
  EXPECT_THAT(ErrorOf(Priced(R"([{}])")), HasSubstr("has no \"prices\""));
  EXPECT_THAT(ErrorOf(Provider(R"({"id": "m"})")), HasSubstr("lacks its"));
  EXPECT_THAT(ErrorOf(R"([{"models": []}])"), HasSubstr("lacks its \"id\""));
}

}  // namespace
}  // namespace itemized::client
