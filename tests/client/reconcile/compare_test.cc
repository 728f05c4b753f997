// SPDX-License-Identifier: Apache-2.0
#include "client/reconcile/compare.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Day kDay{20'000};
constexpr Picos kPercent = kPicosPerUsd / 100;

UsageExport Exported(const std::vector<std::pair<std::string, int64_t>>& models) {
  UsageExport exported;
  for (const auto& [model, tokens] : models) {
    exported.rows[{kDay, model}].Add({.calls = {}, .tokens = tokens, .cost = {}});
  }
  return exported;
}

TracedRows Traced(const std::vector<std::pair<std::string, int64_t>>& models) {
  TracedRows traced;
  for (const auto& [model, tokens] : models) {
    traced[{kDay, model}].Add({.calls = 1, .unpriced_calls = 0, .tokens = tokens, .cost = 0});
  }
  return traced;
}

// The rows as "m 10/12 differs".
std::vector<std::string> Rows(const Comparison& comparison) {
  std::vector<std::string> rows;
  for (const ComparedRow& row : comparison.rows) {
    rows.push_back(absl::StrCat(row.model, " ", row.traced.tokens, "/",
                                row.provider.tokens.value_or(0), row.is_within ? "" : " differs"));
  }
  return rows;
}

TEST(Compare, TheToleranceIsAPartOfTheExportedFigure) {
  const auto is_within = [](int64_t traced, int64_t exported, Picos tolerance) {
    return Compare(Exported({{"m", exported}}), Traced({{"m", traced}}), "openai", tolerance)
        .is_within();
  };
  EXPECT_TRUE(is_within(1'010, 1'000, kPercent));
  EXPECT_FALSE(is_within(1'011, 1'000, kPercent));
  EXPECT_TRUE(is_within(990, 1'000, kPercent));
  EXPECT_FALSE(is_within(989, 1'000, kPercent));
  EXPECT_TRUE(is_within(7, 7, 0));
  EXPECT_FALSE(is_within(7, 8, 0));
  EXPECT_FALSE(is_within(1, 0, kPicosPerUsd));
  EXPECT_TRUE(is_within(0, 0, 0));
}

TEST(Compare, ADayMayDifferWhileTheTotalAgrees) {
  UsageExport exported = Exported({{"m", 10}});
  exported.rows[{kDay + 1, "m"}].tokens = 20;
  TracedRows traced = Traced({{"m", 20}});
  traced[{kDay + 1, "m"}].tokens = 10;
  const Comparison comparison = Compare(exported, traced, "openai", kPercent);
  EXPECT_TRUE(comparison.total.is_within);
  EXPECT_FALSE(comparison.is_within());
}

TEST(Compare, NamesAreJoinedWhereOneSideLacksTheOthers) {
  const Comparison comparison =
      Compare(Exported({{"gpt-5-2025-08-07", 10}, {"gpt-4o-2024-08-06", 5}}),
              Traced({{"gpt-5", 4}, {"openai/gpt-5", 6}, {"gpt-4o-2024-08-06", 5}}), "openai", 0);
  EXPECT_THAT(Rows(comparison), ElementsAre("gpt-4o-2024-08-06 5/5", "gpt-5-2025-08-07 10/10"));
  EXPECT_THAT(comparison.joined,
              ElementsAre("gpt-5 as gpt-5-2025-08-07", "openai/gpt-5 as gpt-5-2025-08-07"));
}

TEST(Compare, ANameThatCouldBeAnyOfSeveralJoinsThemAll) {
  const Comparison comparison =
      Compare(Exported({{"gpt-4o-2024-05-13", 3}, {"gpt-4o-2024-08-06", 5}}),
              Traced({{"gpt-4o", 8}}), "openai", 0);
  EXPECT_THAT(Rows(comparison), ElementsAre("gpt-4o 8/8"));
  EXPECT_THAT(comparison.joined,
              ElementsAre("gpt-4o-2024-05-13 as gpt-4o", "gpt-4o-2024-08-06 as gpt-4o"));
}

TEST(Compare, NamesThatBothSidesHaveStayApart) {
  const Comparison comparison =
      Compare(Exported({{"gpt-4o-2024-05-13", 3}, {"gpt-4o", 5}}),
              Traced({{"gpt-4o-2024-05-13", 3}, {"gpt-4o", 5}}), "openai", 0);
  EXPECT_THAT(Rows(comparison), ElementsAre("gpt-4o 5/5", "gpt-4o-2024-05-13 3/3"));
  EXPECT_THAT(comparison.joined, IsEmpty());
}

TEST(Compare, ModelsOfOneSideAreNamed) {
  const Comparison comparison =
      Compare(Exported({{"a", 3}, {"both", 1}}), Traced({{"b", 4}, {"both", 1}}), "openai", 0);
  EXPECT_THAT(Rows(comparison), ElementsAre("a 0/3 differs", "b 4/0 differs", "both 1/1"));
  EXPECT_THAT(comparison.only_exported, ElementsAre("a"));
  EXPECT_THAT(comparison.only_traced, ElementsAre("b"));
}

}  // namespace
}  // namespace itemized::client
