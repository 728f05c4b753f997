// SPDX-License-Identifier: Apache-2.0
// What people see.

#include <string>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/usage_fields.h"

#include "client/cli/text.h"
#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void SetWindow(pb::Window& window) {
  window.set_start("2026-10-02T00:00:00Z");
  window.set_end("2026-11-01T00:00:00Z");
}

void SetTop(pb::GetTopResponse& top) {
  SetWindow(*top.mutable_window());
  top.mutable_total()->set_calls(1100);
  top.mutable_total()->set_cost_usd("1250.0345");
  top.mutable_total()->set_unpriced_calls(100);
  top.mutable_total()->set_outliers(7);
  pb::TopRow& dear = *top.add_rows();
  dear.set_key("doc_synthesis");
  dear.set_calls(100);
  dear.set_call_share(0.0909);
  dear.set_cost_usd("1250");
  dear.set_spend_share(0.99997);
  dear.set_outliers(7);
  pb::TopRow& cheap = *top.add_rows();
  cheap.set_key("plan\x1b[2J");
  cheap.set_calls(900);
  cheap.set_call_share(0.8182);
  cheap.set_cost_usd("0.0345");
  cheap.set_spend_share(0.00003);
  pb::TopRow& unknown = *top.add_rows();
  unknown.set_calls(100);
  unknown.set_call_share(0.0909);
  unknown.set_unpriced_calls(100);
  unknown.set_cost_usd("0");
}

TEST(TopTable, RanksBySpendAndSaysWhatItLacks) {
  FakeServer server;
  SetTop(server.top.response);
  const std::string out = RunAt(server.address(), {"top"}, {.width = 72}).out;
  EXPECT_EQ(
      out,
      "Spend by step, 2026-10-02 00:00 to 2026-11-01 00:00 UTC\n"
      "\n"
      "STEP               SPEND  SPEND %  CALLS  CALLS %  OUTLIERS  UNPRICED\n"
      "doc_synthesis  $1,250.00   >99.9%    100     9.1%         7\n"
      "plan\\x1b[2J      $0.0345    <0.1%    900    81.8%\n"
      "(none)                 –        –    100     9.1%                 100\n"
      "─────────────────────────────────────────────────────────────────────\n"
      "total          $1,250.03           1,100                  7       100\n"
      "\n"
      "90.9% of 1,100 calls priced; 100 not, and not in the sums.\n"
      "They reported no usage, or their model has no rate: `itemize rates list` names such models, "
      "`itemize rates import --bundled` or `itemize rates set` prices them.\n");
}

TEST(TopTable, FitsEveryWidth) {
  FakeServer server;
  SetTop(server.top.response);
  for (const size_t width : {size_t{40}, size_t{80}, size_t{160}}) {
    const std::string out = RunAt(server.address(), {"top"}, {.width = width}).out;
    const std::string table = out.substr(0, out.find("priced;"));
    for (const absl::string_view line : absl::StrSplit(table, '\n')) {
      EXPECT_LE(DisplayWidth(line), std::max<size_t>(width, 60)) << line;
    }
    EXPECT_THAT(out, HasSubstr("$1,250.00"));
    EXPECT_THAT(out, Not(HasSubstr("\x1b")));
  }
}

TEST(Tables, SayWhatToDoWhenThereIsNothing) {
  FakeServer server;
  for (const char* command : {"top", "workflows", "series"}) {
    EXPECT_THAT(RunAt(server.address(), {command}).out,
                AllOf(HasSubstr("No "), HasSubstr("Send some: `itemize import FILE`")))
        << command;
  }
  EXPECT_THAT(RunAt(server.address(), {"outliers"}).out, HasSubstr("No outliers in this window"));
}

TEST(WorkflowsTable, EndsWithTotalsAndWhatTheyLack) {
  FakeServer server;
  pb::GetWorkflowsResponse& workflows = server.workflows.response;
  SetWindow(*workflows.mutable_window());
  pb::WorkflowRow& ticket = *workflows.add_rows();
  ticket.set_workflow("support_ticket");
  ticket.set_runs(10);
  ticket.set_completed(8);
  ticket.set_failed(2);
  ticket.set_spend_usd("3.7");
  ticket.set_cost_per_completed_usd("0.4625");
  ticket.set_unpriced_calls(3);
  pb::WorkflowRow& none = *workflows.add_rows();
  none.set_runs(1);
  none.set_open(1);
  none.set_spend_usd("0.1");
  EXPECT_EQ(
      RunAt(server.address(), {"workflows"}, {.width = 76}).out,
      "Cost per completed workflow, 2026-10-02 00:00 to 2026-11-01 00:00 UTC\n"
      "\n"
      "WORKFLOW          SPEND  PER COMPLETED  RUNS  COMPLETED  FAILED  UNPRICED\n"
      "support_ticket    $3.70        $0.4625    10          8       2         3\n"
      "(none)          $0.1000                    1          0\n"
      "─────────────────────────────────────────────────────────────────────────\n"
      "total             $3.80                   11          8       2         3\n"
      "\n"
      "PER COMPLETED is all spend, failed and abandoned runs included, over completed runs.\n"
      "3 calls in these runs not priced, and not in the sums.\n"
      "They reported no usage, or their model has no rate: `itemize rates list` names such models, "
      "`itemize rates import --bundled` or `itemize rates set` prices them.\n");
}

TEST(SeriesTable, DrawsBarsOfTheBuckets) {
  FakeServer server;
  pb::GetSeriesResponse& series = server.series.response;
  SetWindow(*series.mutable_window());
  for (const char* usd : {"2", "0", "1"}) {
    pb::SeriesPoint& point = *series.add_points();
    point.set_start("2026-10-31T00:00:00+01:00");
    point.set_cost_usd(usd);
    point.set_calls(5);
  }
  SetCounts({1, 1, 1, 1, 10, 5, 1, 1, 10, 1, 10, 99}, series.mutable_points(2));
  const std::string out =
      RunAt(server.address(), {"series", "--tz", "Europe/Berlin"}, {.width = 72}).out;
  EXPECT_EQ(out,
            "Spend of all steps, 2026-10-02 02:00 to 2026-11-01 01:00 Europe/Berlin\n"
            "\n"
            "DAY         SPEND                            CALLS  TOKENS IN  OUT\n"
            "2026-10-31  $2.00  ████████████████████████      5          0    0\n"
            "2026-10-31  $0.00                                5          0    0\n"
            "2026-10-31  $1.00  ████████████                  5          7   30\n"
            "\n"
            "Total $3.00. All 15 calls priced.\n");
}

TEST(OutliersTable, ShowsTheReceipts) {
  FakeServer server;
  pb::GetOutliersResponse& outliers = server.outliers.response;
  SetWindow(*outliers.mutable_window());
  outliers.set_total(3);
  pb::BilledCall& call = *outliers.add_calls();
  call.set_time("2026-10-31T00:00:00Z");
  call.set_step("plan");
  call.set_workflow_id("run-1");
  call.set_cost_usd("0.4");
  call.mutable_receipt()->set_p50_usd("0.05");
  call.mutable_receipt()->set_threshold_usd("0.25");
  call.mutable_receipt()->set_sample_count(1234);
  call.mutable_receipt()->set_multiple(8);
  EXPECT_EQ(
      RunAt(server.address(), {"outliers"}, {.width = 100}).out,
      "Outliers of all steps, 2026-10-02 00:00 to 2026-11-01 00:00 UTC\n"
      "\n"
      "TIME                 STEP     COST  TIMES   MEDIAN  OF CALLS  THRESHOLD  TOKENS IN  OUT  "
      "RUN\n"
      "2026-10-31 00:00:00  plan  $0.4000   8.0x  $0.0500     1,234    $0.2500          0    0  "
      "run-1\n"
      "\n"
      "The newest 1 of 3; --limit shows more. `itemize show RUN` lists the calls around one.\n");
}

TEST(TopTable, ShowsFortyRowsOnATerminalAndSaysHowManyMore) {
  FakeServer server;
  SetTop(server.top.response);
  server.top.response.set_rows_omitted(1234);
  EXPECT_THAT(RunAt(server.address(), {"top"}, {.out_is_terminal = true}).out,
              HasSubstr("1,234 more rows, in the total; --limit 0 shows all."));
  EXPECT_EQ(server.top.request.limit(), 40);
  RunAt(server.address(), {"top", "--limit", "0"}, {.out_is_terminal = true});
  EXPECT_EQ(server.top.request.limit(), 0);
  RunAt(server.address(), {"top", "--json"}, {.out_is_terminal = true});
  EXPECT_EQ(server.top.request.limit(), 0);
  RunAt(server.address(), {"top"});
  EXPECT_EQ(server.top.request.limit(), 0);
}

TEST(TopTable, SaysHowFarAStepIsFromAThresholdOfItsOwn) {
  FakeServer server;
  SetTop(server.top.response);
  server.top.response.mutable_rows(0)->set_threshold_usd("0.005");
  server.top.response.mutable_rows(0)->set_threshold_learning(true);
  server.top.response.mutable_rows(0)->set_threshold_sample_count(16);
  EXPECT_THAT(RunAt(server.address(), {"top"}, {.width = 200}).out, HasSubstr("learning 16 of 30"));
}

TEST(Tables, SayThatCallsAreBeingPricedAgain) {
  FakeServer server;
  const auto set = [](auto* response) {
    response->mutable_repricing()->set_calls(200);
    response->mutable_repricing()->set_done(38);
  };
  SetTop(server.top.response);
  set(&server.top.response);
  set(&server.workflows.response);
  set(&server.run.response);
  set(&server.series.response);
  set(&server.outliers.response);
  set(&server.info.response);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"top"}, {"workflows"}, {"show", "r"}, {"series"}, {"outliers"}}) {
    EXPECT_THAT(RunAt(server.address(), words).out, HasSubstr("Repricing 19%: ")) << words[0];
  }
  EXPECT_THAT(RunAt(server.address(), {"info"}).out, HasSubstr("19%"));
}

TEST(Tables, NameWhatNoCallHasAndWhatIsNear) {
  FakeServer server;
  server.top.response.add_rows()->set_key("planning");
  server.top.response.add_rows()->set_key("research");
  for (const char* command : {"top", "series", "outliers"}) {
    for (const char* kind : {"step", "model", "workflow", "provider"}) {
      const Outcome outcome =
          RunAt(server.address(), {command, std::string("--") + kind, "planing"});
      EXPECT_EQ(outcome.exit_status, 4) << command << kind;
      EXPECT_THAT(outcome.err, HasSubstr(std::string("There is no ") + kind +
                                         " \"planing\". Did you mean \"planning\"?"));
      EXPECT_THAT(outcome.out, Not(HasSubstr("look further back")));
    }
    const Outcome known = RunAt(server.address(), {command, "--step", "planning"});
    EXPECT_EQ(known.exit_status, 0) << command;
    EXPECT_EQ(known.err, "");
  }
}

TEST(OutliersTable, KeepsTheRunAtSixtyColumns) {
  FakeServer server;
  pb::BilledCall& call = *server.outliers.response.add_calls();
  call.set_time("2026-10-31T00:00:00Z");
  call.set_step("doc_synthesis");
  call.set_model("claude-sonnet-4-6");
  call.set_workflow_id("run-00000123");
  call.set_cost_usd("0.4");
  call.mutable_receipt()->set_multiple(8);
  server.outliers.response.set_total(1);
  for (const size_t width : {size_t{40}, size_t{60}, size_t{80}}) {
    const std::string out = RunAt(server.address(), {"outliers"}, {.width = width}).out;
    EXPECT_THAT(out, HasSubstr("RUN")) << out;
    EXPECT_THAT(out, HasSubstr("0123")) << out;
  }
}

TEST(OutliersTable, NeverSaysThatThereIsNoneWhileCallsAreNotJudged) {
  FakeServer server;
  constexpr char kNone[] = "no call cost more than five times";
  EXPECT_THAT(RunAt(server.address(), {"outliers"}).out, HasSubstr(kNone));
  server.outliers.response.set_unjudged_calls(1'621'000);
  EXPECT_THAT(RunAt(server.address(), {"outliers"}).out,
              AllOf(Not(HasSubstr(kNone)), HasSubstr("1,621,000 calls not judged"),
                    HasSubstr("`itemize rates import --bundled`")));
  server.outliers.response.clear_unjudged_calls();
  server.outliers.response.set_learning_calls(12);
  EXPECT_THAT(RunAt(server.address(), {"outliers"}).out,
              AllOf(Not(HasSubstr(kNone)), HasSubstr("12 calls"), HasSubstr("learning")));
}

TEST(OutliersTable, OfTheDearestSaysWhatAllOfThemCostBeyond) {
  FakeServer server;
  server.outliers.response.add_calls()->set_step("plan");
  server.outliers.response.set_total(300);
  server.outliers.response.set_excess_usd("1234.5");
  const Outcome outcome = RunAt(server.address(), {"outliers", "--sort", "cost"});
  EXPECT_EQ(server.outliers.request.order(), pb::OUTLIER_ORDER_COST);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("The dearest 1 of 300"),
                                 HasSubstr("All 300 cost $1,234.50 beyond their thresholds.")));
}

TEST(WorkflowsTable, HasNoAmountsWhereNothingIsPriced) {
  FakeServer server;
  pb::WorkflowRow& row = *server.workflows.response.add_rows();
  row.set_completed(1);
  row.set_spend_usd("0");
  row.set_unpriced_calls(4);
  row.set_cost_per_completed_usd("0");
  row.set_mean_completed_usd("0");
  EXPECT_THAT(RunAt(server.address(), {"workflows"}).out, Not(HasSubstr("$0")));
}

TEST(InfoTable, NamesWhatRuns) {
  FakeServer server;
  server.info.response.set_version("1.2.3");
  server.info.response.set_calls(1234567);
  server.info.response.set_started_at("2026-10-31T00:00:00Z");
  server.info.response.set_http_address("127.0.0.1:4318");
  EXPECT_THAT(
      RunAt(server.address(), {"info"}).out,
      AllOf(HasSubstr("1.2.3"), HasSubstr("1,234,567"), HasSubstr("2026-10-31 00:00:00 UTC"),
            HasSubstr("http://127.0.0.1:4318/"), HasSubstr(server.address())));
}

}  // namespace
}  // namespace itemized::cli
