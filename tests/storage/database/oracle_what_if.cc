// SPDX-License-Identifier: Apache-2.0
// Asks the database and the naive model what random changes would have saved.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/database/naive_what_if.h"
#include "tests/storage/database/oracle_run.h"

namespace itemized::testing {
namespace {

std::string DescribeGate(const GateOutcome& gate) {
  return absl::StrCat(
      " gate ", gate.skip, gate.is_measured ? " measured " : " ", gate.unused_runs, "/", gate.runs,
      " pays from ", gate.break_even_skip.has_value() ? FormatUsd(*gate.break_even_skip) : "never",
      " after ",
      gate.break_even_calls.has_value() ? absl::StrCat(*gate.break_even_calls) : "never");
}

std::string Describe(const WhatIfAnswer& answer) {
  std::string text = absl::StrCat(
      FormatTime(answer.range.start_us), " to ", FormatTime(answer.range.end_us), " recorded ",
      FormatTime(answer.recorded.start_us), " to ", FormatTime(answer.recorded.end_us), "\n",
      FormatUsd(answer.before), " -> ", FormatUsd(answer.after), ", in 30 days ",
      FormatUsd(answer.saving_30d), ", unpriced ", answer.unpriced_calls, "\n");
  for (const ChangeOutcome& change : answer.changes) {
    const ChangedCalls& counts = change.counts;
    absl::StrAppend(&text, FormatUsd(change.saving), " in 30 days ", FormatUsd(change.saving_30d),
                    " calls ", change.calls, " changed ", counts.changed, " moved ", counts.moved,
                    " standard ", counts.standard, " early ", counts.early, " reported ",
                    counts.reported, " without price ", counts.without_price,
                    change.gate.has_value() ? DescribeGate(*change.gate) : "", "\n");
  }
  return text;
}

}  // namespace

StepChange OracleRun::RandomChange() {
  StepChange change{.step = random_.Pick(RandomEvents::Steps()), .what = DropStep()};
  switch (random_.Between(0, 11)) {
    case 0:
    case 1:
    case 2:
      change.what = ModelSwap{
          .model = random_.Pick(std::vector<std::string>{"claude-sonnet-4-6", "claude-haiku-4-5",
                                                         "gpt-5", "gpt-5-mini"}),
          .provider = random_.Pick(std::vector<std::string>{"", "", "", "openai", "anthropic"})};
      break;
    case 3:
    case 4:
      change.what = InputCap{.tokens = random_.LogUniform(3'000)};
      break;
    case 5:
    case 6:
      change.what = CacheShare{.share = random_.Between(0, 1'000) * (kShareWhole / 1'000)};
      break;
    case 7:
      change.what = BatchTier();
      break;
    case 8:
    case 9:
      change.what = Gate{.skip = random_.Between(0, 10'000) * (kShareWhole / 10'000),
                         .cost = random_.Between(0, 1'000'000'000),
                         .setup = random_.Percent(50) ? random_.LogUniform(kPicosPerUsd) : 0};
      break;
    case 10:
      change.what = Gate{.cost = random_.LogUniform(1'000'000'000)};
      break;
    default:
      break;
  }
  return change;
}

void OracleRun::CompareWhatIf(const Window& window) {
  WhatIfQuery query{.window = window, .filter = RandomFilter()};
  query.filter[NameKind::kStep].reset();
  for (int64_t i = random_.Between(0, 4); i > 0; --i) {
    query.changes.push_back(RandomChange());
  }
  const NaiveWhatIf expected = model_.WhatIf(query, clock_.NowUs());
  const absl::StatusOr<WhatIfAnswer> actual = db_->WhatIf(query);
  if (!actual.ok()) {
    EXPECT_TRUE(absl::IsInvalidArgument(actual.status())) << actual.status();
    EXPECT_TRUE(expected.must_refuse || expected.may_refuse) << actual.status();
    return;
  }
  EXPECT_FALSE(expected.must_refuse) << Describe(*actual);
  EXPECT_EQ(Describe(expected.answer), Describe(*actual));
  const TopAnswer top = Value(db_->Top({.window = window, .filter = query.filter}));
  EXPECT_EQ(actual->before, top.total.cost);
  EXPECT_EQ(actual->unpriced_calls, top.total.unpriced_calls);
}

}  // namespace itemized::testing
