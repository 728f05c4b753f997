// SPDX-License-Identifier: Apache-2.0
// What a call reported as its usage stays with it, whatever becomes of the call.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr char kReport[] = R"({"completion_tokens":5,"prompt_tokens":1000,"odd_tokens":77})";

class ReportedUsages : public DatabaseTest {
 protected:
  std::string ReportOf(const std::string& workflow_id, size_t call = 0) {
    return Value(db().GetRun(workflow_id)).calls.at(call).call.reported_usage;
  }
};

Call CallOf(const std::string& event_id, const std::string& workflow_id, std::string report) {
  Call call = MakeCall(event_id, workflow_id, "planning", 1'000, 5);
  call.reported_usage = std::move(report);
  return call;
}

TEST_F(ReportedUsages, StayWhenTheirCallsArePricedAgainAndTheStoreIsReopened) {
  Store({CallOf("c", "run", kReport), CallOf("d", "none", "")});
  EXPECT_EQ(ReportOf("run"), kReport);
  SetSonnetRate();
  EXPECT_EQ(ReportOf("run"), kReport);
  Reopen();
  EXPECT_EQ(ReportOf("run"), kReport);
  EXPECT_EQ(ReportOf("none"), "");
}

TEST_F(ReportedUsages, AreThoseOfTheirOwnCallAmongMany) {
  std::vector<Call> calls;
  for (int i = 0; i < 500; ++i) {
    calls.push_back(CallOf(absl::StrCat("c-", i), absl::StrCat("run-", i % 50),
                           i % 4 == 0 ? "" : absl::StrCat("{\"tokens\":", i * 1'000, "}")));
  }
  Store(calls);
  for (const int run : {0, 7, 49}) {
    const RunAnswer answer = Value(db().GetRun(absl::StrCat("run-", run)));
    EXPECT_EQ(answer.calls.size(), 10U);
    for (const BilledCall& billed : answer.calls) {
      const auto sent = std::find_if(calls.begin(), calls.end(), [&](const Call& call) {
        return call.event_id == billed.call.event_id;
      });
      EXPECT_EQ(billed.call.reported_usage, sent->reported_usage);
    }
  }
}

TEST_F(ReportedUsages, LeaveWithTheirCalls) {
  SetSonnetRate();
  Store({CallOf("c", "run", kReport), CallOf("d", "run", "")});
  EXPECT_EQ(Value(db().Retract({{"run", "c"}})), 1);
  EXPECT_EQ(ReportOf("run"), "");
}

TEST_F(ReportedUsages, DoNotTellACallFromAnother) {
  Store({CallOf("c", "run", kReport)});
  EXPECT_EQ(Write({CallOf("c", "run", "")}).duplicate, 1);
  EXPECT_EQ(ReportOf("run"), kReport);
}

}  // namespace
}  // namespace itemized::testing
