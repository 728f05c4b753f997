// SPDX-License-Identifier: Apache-2.0
// The analyses: what was wasted, and why spend changed.

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"
#include "tests/storage/database/oracle_run.h"

namespace itemized::testing {
namespace {

// A row of a comparison without its causes.
using Sums = std::array<Picos, 3>;  // Cost, calls and unpriced calls.

Sums SumsOf(const ComparedCalls& calls) {
  return {calls.cost, calls.calls, calls.unpriced_calls};
}

Sums SumsOf(const CallSums& sums) {
  return {sums.cost, sums.calls, sums.unpriced_calls};
}

std::map<std::string, Sums> RowsOf(const TopAnswer& top) {
  std::map<std::string, Sums> rows;
  for (const TopRow& row : top.rows) {
    rows[row.key] = SumsOf(row.sums);
  }
  return rows;
}

std::map<std::string, Sums> RowsOf(const CompareAnswer& answer, ComparedCalls CompareRow::*side) {
  std::map<std::string, Sums> rows;
  for (const CompareRow& row : answer.rows) {
    if ((row.*side).calls != 0) {
      rows[row.key] = SumsOf(row.*side);
    }
  }
  return rows;
}

}  // namespace

void OracleRun::CompareWasted() {
  const WastedQuery query{.window = RandomWindow(90 * kMicrosPerDay),
                          .by = static_cast<GroupBy>(random_.Between(0, 4)),
                          .attribute_key = "tenant",
                          .filter = RandomFilter()};
  const WastedAnswer actual = Value(db_->Wasted(query));
  EXPECT_EQ(Describe(model_.Wasted(query, clock_.NowUs())), Describe(actual));
  const TopAnswer top =
      Value(db_->Top({.window = Window::Of(actual.range),
                      .by = query.by,
                      .attribute_key = query.by == GroupBy::kAttribute ? query.attribute_key : "",
                      .filter = query.filter}));
  EXPECT_EQ(actual.spend, top.total.cost);
  EXPECT_EQ(actual.reasons[static_cast<size_t>(WasteReason::kUnusedStep)].cost, top.unsurfaced);
}

// Compares both sides with the rankings of the naive model, and expects the causes to add up.
void OracleRun::CompareComparison() {
  const TimeRange range = ResolveWindow(RandomWindow(90 * kMicrosPerDay), clock_.NowUs());
  const int64_t middle_us = range.start_us + (range.end_us - range.start_us) / 2;
  if (middle_us == range.start_us) {
    return;
  }
  constexpr std::array kGroups = {GroupBy::kStep, GroupBy::kWorkflow, GroupBy::kProvider,
                                  GroupBy::kModel};
  const size_t kind = static_cast<size_t>(random_.Between(0, 3));
  const CompareQuery query{
      .before = {.window = Window::Of({range.start_us, middle_us}), .filter = RandomFilter()},
      .after = {.window = Window::Of({middle_us, range.end_us}), .filter = RandomFilter()},
      .by = static_cast<NameKind>(kind)};
  const CompareAnswer actual = Value(db_->Compare(query));
  const auto top = [&](const CompareSide& side) {
    return model_.Top({.window = side.window, .by = kGroups[kind], .filter = side.filter},
                      clock_.NowUs());
  };
  const TopAnswer before = top(query.before);
  const TopAnswer after = top(query.after);
  EXPECT_EQ(SumsOf(actual.before), SumsOf(before.total));
  EXPECT_EQ(SumsOf(actual.after), SumsOf(after.total));
  EXPECT_EQ(RowsOf(actual, &CompareRow::before), RowsOf(before));
  EXPECT_EQ(RowsOf(actual, &CompareRow::after), RowsOf(after));
  PicosByCause causes{};
  for (const CompareRow& row : actual.rows) {
    EXPECT_EQ(std::accumulate(row.causes.begin(), row.causes.end(), Picos{0}), row.change())
        << row.key;
    std::transform(causes.begin(), causes.end(), row.causes.begin(), causes.begin(), std::plus<>());
  }
  EXPECT_EQ(causes, actual.causes);
}

}  // namespace itemized::testing
