// SPDX-License-Identifier: Apache-2.0
// The forms of a bill, made of answers that the test writes down.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/report/bill.h"
#include "client/cli/report/charts.h"
#include "client/cli/report/document.h"
#include "client/cli/report/forms.h"

namespace itemized::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

pb::TopRow Row(const std::string& key, const std::string& usd, double spend, double calls,
               double cumulative) {
  pb::TopRow row;
  row.set_key(key);
  row.set_calls(static_cast<int64_t>(calls * 100));
  row.set_cost_usd(usd);
  row.set_spend_share(spend);
  row.set_call_share(calls);
  row.set_cumulative_spend_share(cumulative);
  return row;
}

Bill SmallBill() {
  Bill bill;
  bill.steps.mutable_window()->set_start("2026-11-01T00:00:00Z");
  bill.steps.mutable_window()->set_end("2026-12-01T00:00:00Z");
  bill.steps.mutable_total()->set_calls(100);
  bill.steps.mutable_total()->set_cost_usd("10.000000000001");
  *bill.steps.add_rows() = Row("doc_synthesis", "8.000000000001", 0.8, 0.1, 0.8);
  *bill.steps.add_rows() = Row("planning", "2", 0.2, 0.9, 1);
  bill.steps.mutable_rows(0)->set_unsurfaced_usd("4");
  bill.steps.mutable_rows(0)->set_outliers(3);
  bill.wasted.set_spend_usd("10.000000000001");
  bill.wasted.set_wasted_usd("4");
  pb::WastedRow& wasted = *bill.wasted.add_rows();
  wasted.set_key("doc_synthesis");
  wasted.set_reason(pb::WASTE_REASON_UNUSED_STEP);
  wasted.set_wasted_usd("4");
  wasted.set_spend_usd("8.000000000001");
  pb::AdviceRow& advice = *bill.advice.add_rows();
  advice.set_step("doc_synthesis");
  advice.set_kind(pb::ADVICE_KIND_GATE);
  advice.set_saving_30d_usd("3.5");
  advice.set_what_if("itemize what-if --gate doc_synthesis");
  return bill;
}

DocumentOptions Options() {
  return {.source = "server 127.0.0.1:4317",
          .made_at = "2026-12-01T00:00:00Z",
          .command_suffix = "",
          .zone = absl::UTCTimeZone()};
}

const ReportSection& SectionOf(const ReportDocument& document, const std::string& id) {
  for (const ReportSection& section : document.sections) {
    if (section.id == id) {
      return section;
    }
  }
  ADD_FAILURE() << "There is no section " << id;
  return document.sections.front();
}

TEST(Report, TagsEachStepByItsPartsOfVolumeAndSpend) {
  const ReportDocument document = MakeDocument(SmallBill(), Options());
  const std::vector<ParetoBar>& bars = SectionOf(document, "steps").pareto;
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_EQ(bars[0].kind, "few calls, much spend");
  EXPECT_EQ(bars[0].tags, (std::vector<std::string>{"50.0% unused", "3 outliers"}));
  EXPECT_EQ(bars[1].kind, "many calls, little spend");
  EXPECT_TRUE(bars[1].tags.empty());
}

TEST(Report, SaysHowFewStepsMakeUpMostOfTheSpend) {
  const ReportDocument document = MakeDocument(SmallBill(), Options());
  EXPECT_THAT(
      SectionOf(document, "steps").leads,
      ::testing::ElementsAre("1 of 2 steps makes up 80.0% of the spend.",
                             "doc_synthesis is 10.0% of the calls and 80.0% of the spend."));
}

TEST(Report, AdviceSaysWhereTheEventsAre) {
  DocumentOptions options = Options();
  options.command_suffix = " --from-file usage.ndjson";
  EXPECT_THAT(ToMarkdown(MakeDocument(SmallBill(), options)),
              HasSubstr("`itemize what-if --gate doc_synthesis --from-file usage.ndjson`"));
}

TEST(Report, WarnsOfWhatTheSumsLack) {
  Bill bill = SmallBill();
  EXPECT_TRUE(MakeDocument(bill, Options()).warnings.empty());
  bill.steps.mutable_total()->set_unpriced_calls(25);
  bill.steps.mutable_repricing();
  bill.is_moving = true;
  const ReportDocument document = MakeDocument(bill, Options());
  ASSERT_EQ(document.warnings.size(), 3U);
  EXPECT_THAT(document.warnings[0], HasSubstr("75.0% of the calls are priced; 25 calls"));
  EXPECT_THAT(SectionOf(document, "missing_rates").leads[0], HasSubstr("25 of 100 calls"));
}

TEST(Report, ComparesHalvesOnlyWhereItSaysSo) {
  Bill bill = SmallBill();
  EXPECT_THAT(SectionOf(MakeDocument(bill, Options()), "change").leads[0],
              HasSubstr("Nothing is recorded"));
  bill.change.set_before_calls(10);
  bill.compared_with = ComparedWith::kFirstHalf;
  EXPECT_THAT(SectionOf(MakeDocument(bill, Options()), "change").notes[0],
              HasSubstr("second half is compared with its first"));
}

TEST(ReportCsv, HasExactValuesAndAllKeysOfARow) {
  const std::string csv = ToCsv(MakeDocument(SmallBill(), Options()));
  EXPECT_THAT(csv, HasSubstr("section,key,detail,measure,value\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\ntotal,,,spend,10.000000000001\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\nsteps,doc_synthesis,,cost_usd,8.000000000001\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\nwaste,doc_synthesis,unused_step,wasted_usd,4\r\n"));
}

TEST(ReportCsv, NoNameBecomesAFormulaOrAnotherField) {
  Bill bill = SmallBill();
  bill.steps.mutable_rows(0)->set_key("=HYPERLINK(\"http://x\")");
  bill.steps.mutable_rows(1)->set_key("a,b\"c");
  const std::string csv = ToCsv(MakeDocument(bill, Options()));
  EXPECT_THAT(csv, HasSubstr("\r\nsteps,\"'=HYPERLINK(\"\"http://x\"\")\",,calls,10\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\nsteps,\"a,b\"\"c\",,calls,90\r\n"));
}

TEST(ReportCsv, AnAmountBelowZeroStaysANumber) {
  Bill bill = SmallBill();
  bill.change.set_before_calls(1);
  bill.change.set_change_usd("-1.5");
  EXPECT_THAT(ToCsv(MakeDocument(bill, Options())), HasSubstr(",-1.5\r\n"));
}

TEST(ReportHtml, NoNameBecomesATagOrSteersTheReader) {
  Bill bill = SmallBill();
  bill.steps.mutable_rows(0)->set_key("<script>alert('x')</script>");
  bill.steps.mutable_rows(1)->set_key("a\xe2\x80\xae\"b");  // The letters behind it run backwards.
  const std::string html = ToHtml(MakeDocument(bill, Options()));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("\xe2\x80\xae")));
}

TEST(ReportHtml, NeedsNoNetworkAndRunsNothing) {
  const std::string html = ToHtml(MakeDocument(SmallBill(), Options()));
  EXPECT_THAT(html, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'"));
  for (const char* const fetched : {"http://", "https://", "src=", "url(", "@import", "<link"}) {
    EXPECT_THAT(html, Not(HasSubstr(fetched)));
  }
}

TEST(ReportMarkdown, NoNameEndsACellOrBeginsATag) {
  Bill bill = SmallBill();
  bill.steps.mutable_rows(0)->set_key("a|b*c<d>`e");
  const std::string text = ToMarkdown(MakeDocument(bill, Options()));
  EXPECT_THAT(text, HasSubstr("| a\\|b\\*c&lt;d&gt;\\`e |"));
}

TEST(ReportJson, HoldsTheAnswersAsTheirCommandsPrintThem) {
  const absl::StatusOr<std::string> json = ToJson(SmallBill(), Options());
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_THAT(*json, HasSubstr("\"cost_usd\": \"8.000000000001\""));
  EXPECT_THAT(*json, HasSubstr("\"compared_with\": \"window_before\""));
  EXPECT_THAT(*json, Not(HasSubstr("\"missing_rates\"")));
}

TEST(ReportCharts, OfNothingAreNothing) {
  EXPECT_EQ(ParetoSvg({}), "");
  EXPECT_EQ(TimeSvg({}), "");
}

TEST(ReportCharts, BarsAreAsLongAsTheirParts) {
  const std::string svg = ParetoSvg({{.name = "half",
                                      .spend_share = 0.5,
                                      .call_share = 0.25,
                                      .cumulative_spend_share = 0.5,
                                      .amount = "$5.00",
                                      .kind = "few calls, much spend"}});
  EXPECT_THAT(svg, HasSubstr("width=\"165.0\" height=\"12\""));
  EXPECT_THAT(svg, HasSubstr("width=\"82.5\" height=\"5\""));
}

}  // namespace
}  // namespace itemized::cli
