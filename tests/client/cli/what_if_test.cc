// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/text/change.h"

#include "client/cli/text.h"
#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void SetAnswer(pb::WhatIfResponse& response) {
  response.mutable_window()->set_start("2026-10-02T00:00:00Z");
  response.mutable_window()->set_end("2026-11-01T00:00:00Z");
  response.set_before_usd("33.93");
  response.set_after_usd("24.8206");
  response.set_saving_usd("9.1094");
  response.set_saving_30d_usd("9.1094");
  response.set_saving_share(0.2685);
  pb::WhatIfChange& change = *response.add_changes();
  change.set_change("--gate doc_synthesis:cost=0.00004,setup=50");
  change.set_step("doc_synthesis");
  change.set_changed_calls(61);
  change.set_saving_usd("9.1094");
  change.set_saving_30d_usd("9.1094");
  change.mutable_gate()->set_skip("0.61");
  change.mutable_gate()->set_skip_is_measured(true);
  change.mutable_gate()->set_runs(100);
  change.mutable_gate()->set_unused_runs(61);
  change.mutable_gate()->set_break_even_skip("0.000267737617");
  change.mutable_gate()->set_break_even_calls(549);
  response.add_assumptions(
      "The gate of step \"doc_synthesis\" is taken to skip calls that cost as much as the others, "
      "and none that was needed.");
}

TEST(WhatIf, SendsTheChangesInTheOrderOfTheCommandLine) {
  FakeServer server;
  SetAnswer(server.what_if.response);
  RunAt(server.address(), {"what-if", "--gate", "a", "--model", "b=x", "--workflow", "w",
                           "--gate=c:skip=0.5", "--cap-input", "a=10", "--drop", "b"});
  std::vector<std::string> changes;
  for (const pb::StepChange& change : server.what_if.request.changes()) {
    changes.push_back(text::ChangeText(change));
  }
  EXPECT_THAT(changes, ElementsAre("--gate a", "--model b=x", "--gate c:skip=0.5",
                                   "--cap-input a=10", "--drop b"));
  EXPECT_EQ(server.what_if.request.filter().workflow(), "w");
}

TEST(WhatIf, ShowsSavingsBreakEvenAndAssumptionsInEightyColumns) {
  FakeServer server;
  SetAnswer(server.what_if.response);
  const std::string out = RunAt(server.address(), {"what-if"}, {.width = 80}).out;
  EXPECT_THAT(out, AllOf(HasSubstr("$33.93"), HasSubstr("$24.82"), HasSubstr("saving (26.9%)"),
                         HasSubstr("skips 61.0% of its calls (61 of 100"),
                         HasSubstr("What this takes for granted:\n- The gate of step")));
  for (const absl::string_view line : absl::StrSplit(out, '\n')) {
    EXPECT_LE(DisplayWidth(line), 80U) << line;
  }
}

TEST(WhatIf, RefusesAChangeThatCannotBeRead) {
  FakeServer server;
  const auto ran = RunAt(server.address(), {"what-if", "--cap-input", "a=many"});
  EXPECT_EQ(ran.exit_status, 2);
  EXPECT_THAT(ran.err, HasSubstr("whole number of tokens"));
}

}  // namespace
}  // namespace itemized::cli
