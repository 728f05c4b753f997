// SPDX-License-Identifier: Apache-2.0
// What people see of one run.

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "client/cli/text.h"
#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ShowTable, SaysWhatProvidersReportedAndWhichCostWon) {
  FakeServer server;
  pb::GetRunResponse& run = server.run.response;
  run.set_workflow_id("run-1");
  run.set_cost_usd("0.6");
  run.set_call_count(4);
  for (const char* reported : {"0.2", "0.3", "0.25", ""}) {
    pb::BilledCall& call = *run.add_calls();
    call.set_time("2026-10-31T00:00:00Z");
    call.set_step("plan");
    call.set_cost_usd("0.2");
    if (*reported != '\0') {
      call.set_reported_cost_usd(reported);
    }
  }
  run.mutable_calls(2)->set_cost_is_reported(true);
  const std::string out = RunAt(server.address(), {"show", "run-1"}, {.width = 140}).out;
  EXPECT_THAT(out, HasSubstr("reported $0.3000\n"));
  EXPECT_THAT(out, HasSubstr("as reported\n"));
  EXPECT_THAT(out, Not(HasSubstr("reported $0.2000\n")));
  EXPECT_THAT(out, HasSubstr("Providers reported $0.7500 for 3 of the calls shown.\n"));
}

TEST(ShowTable, IsATimeLineWithMarks) {
  FakeServer server;
  pb::GetRunResponse& run = server.run.response;
  run.set_workflow("support_ticket");
  run.set_workflow_id("run-1");
  run.set_outcome(pb::OUTCOME_SHORT_CIRCUITED);
  run.set_completed_at("2026-10-31T00:01:00Z");
  run.set_cost_usd("0.5");
  run.set_unsurfaced_usd("0.4");
  run.add_unused_steps("doc_synthesis");
  run.set_call_count(2);
  pb::BilledCall& first = *run.add_calls();
  first.set_time("2026-10-31T00:00:00Z");
  first.set_step("plan");
  first.set_model("m");
  first.set_cost_usd("0.1");
  first.set_status("ok");
  first.mutable_usage()->set_input_tokens(8400);
  pb::BilledCall& second = *run.add_calls();
  second.set_time("2026-10-31T00:00:01.5Z");
  second.set_step("doc_synthesis");
  second.set_model("m");
  second.set_cost_usd("0.4");
  second.set_status("error");
  second.set_is_outlier(true);
  second.mutable_receipt()->set_multiple(6.25);
  second.set_unsurfaced(true);
  second.mutable_usage()->set_output_tokens(12);
  EXPECT_EQ(
      RunAt(server.address(), {"show", "run-1"}, {.width = 140}).out,
      "support_ticket run-1, short_circuited at 2026-10-31 00:01:00 UTC\n"
      "\n"
      "TIME                              STEP           MODEL  TOKENS IN  OUT  DURATION     COST\n"
      "2026-10-31 00:00:00.000    +0 ms  plan           m          8,400    0         –  $0.1000\n"
      "2026-10-31 00:00:01.500  +1.50 s  doc_synthesis  m              0   12         –  $0.4000  "
      "outlier 6.2x median, error, unused\n"
      "\n"
      "Cost $0.5000 in 2 calls; $0.4000 on steps nobody saw.\n"
      "Unused steps: doc_synthesis.\n");
}

TEST(ShowTable, SaysForWhichTierAndRegionACallHasNoRate) {
  FakeServer server;
  pb::GetRunResponse& run = server.run.response;
  run.set_workflow_id("r");
  run.set_call_count(3);
  for (const std::string tier : {"", "flex"}) {
    pb::BilledCall& call = *run.add_calls();
    call.set_unpriced(true);
    call.mutable_usage()->set_input_tokens(1);
    call.set_service_tier(tier);
    call.set_region(tier.empty() ? "" : "us");
  }
  run.add_calls()->set_unpriced(true);
  const std::string out = RunAt(server.address(), {"show", "r"}, {.width = 140}).out;
  EXPECT_THAT(out, AllOf(HasSubstr("–  no rate\n"), HasSubstr("–  no rate for flex, us\n"),
                         HasSubstr("–  no usage\n")));
}

pb::GetRunResponse RunPage(int first, int count, int all, const std::string& next) {
  pb::GetRunResponse page;
  page.set_workflow_id("r");
  page.set_cost_usd("1");
  page.set_call_count(all);
  page.set_next_page_token(next);
  for (int i = first; i < first + count; ++i) {
    page.add_calls()->set_step("step-" + std::to_string(i));
  }
  return page;
}

TEST(ShowTable, GoesThroughThePagesOfARun) {
  FakeServer server;
  server.run_pages[""] = RunPage(0, 2, 5, "t2");
  server.run_pages["t2"] = RunPage(2, 2, 5, "t4");
  server.run_pages["t4"] = RunPage(4, 1, 5, "");
  const Outcome all = RunAt(server.address(), {"show", "r"});
  EXPECT_EQ(all.exit_status, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("step-0"), HasSubstr("step-4"), HasSubstr("in 5 calls"),
                             Not(HasSubstr("more call"))));
  const Outcome some = RunAt(server.address(), {"show", "r", "--limit", "3"});
  EXPECT_EQ(server.run.request.limit(), 1);
  EXPECT_EQ(server.run.request.page_token(), "t2");
  EXPECT_THAT(some.out, HasSubstr("in 5 calls"));
  const Outcome json = RunAt(server.address(), {"show", "r", "--json"});
  EXPECT_EQ(json.exit_status, 0) << json.err;
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(json.out, HasSubstr("\"step-" + std::to_string(i) + "\""));
  }
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"call_count\": 5"), Not(HasSubstr("next_page_token"))));
}

TEST(ShowTable, SaysHowManyCallsItLeavesOut) {
  FakeServer server;
  server.run_pages[""] = RunPage(0, 2, 1'502, "t2");
  EXPECT_THAT(RunAt(server.address(), {"show", "r", "--limit", "2"}).out,
              HasSubstr("1,500 more calls, in the sums; --limit 0 shows all."));
  server.run_pages[""] = RunPage(0, 2, 7, "");
  EXPECT_THAT(RunAt(server.address(), {"show", "r"}).out,
              HasSubstr("5 calls of it not kept any more."));
}

TEST(ShowTable, DoesNotCallALearningStepsCallAnOutlier) {
  FakeServer server;
  server.run.response = RunPage(0, 1, 1, "");
  server.run.response.mutable_calls(0)->mutable_receipt()->set_learning(true);
  server.run.response.mutable_calls(0)->mutable_receipt()->set_sample_count(2);
  server.run.response.mutable_calls(0)->mutable_receipt()->set_multiple(6.9);
  EXPECT_THAT(RunAt(server.address(), {"show", "r"}).out,
              AllOf(HasSubstr("learning 2 of 30"), Not(HasSubstr("outlier"))));
}

}  // namespace
}  // namespace itemized::cli
