// SPDX-License-Identifier: Apache-2.0
// What outliers have in common.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/query/attribute_traits.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class OutliersTrait : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
  }

  // Stores calls of one step, of which each thirtieth costs a hundredfold and has the attributes
  // `dear`; the others have those of `usual`.
  void StoreCalls(const std::map<std::string, std::string>& dear,
                  const std::map<std::string, std::string>& usual) {
    for (int i = 0; i < 200; ++i) {
      const bool is_dear = i >= 50 && i % 30 == 0;
      Call call = MakeCall("c-" + std::to_string(i), "run-" + std::to_string(i), "writing",
                           is_dear ? 100'000 : 1'000, 10);
      call.time_us = kNowUs - kMicrosPerDay + i * kMinuteUs;
      for (const auto& [key, value] : is_dear ? dear : usual) {
        call.attributes.push_back({key, value});
      }
      call.attributes.push_back({"request", std::to_string(i)});
      Store({call});
    }
  }

  // Returns the facts of the advice about outliers.
  StepFacts Facts() {
    const AdviseAnswer answer = Value(db().Advise({.window = Always()}));
    for (const Advice& advice : answer.rows) {
      if (advice.kind == AdviceKind::kOutliers) {
        return advice.facts;
      }
    }
    ADD_FAILURE() << "There is no advice about outliers.";
    return {};
  }
};

TEST_F(OutliersTrait, IsTheAttributeThatMostOfThemHaveAndFewOtherCalls) {
  StoreCalls({{"tenant", "acme"}, {"region", "eu"}}, {{"tenant", "other"}, {"region", "eu"}});
  const StepFacts facts = Facts();
  EXPECT_EQ(facts.outliers, 5);
  EXPECT_EQ(facts.trait_kind, "attribute");
  EXPECT_EQ(facts.trait, "tenant=acme");
  EXPECT_EQ(facts.trait_outliers, 5);
  EXPECT_EQ(facts.trait_calls, 5);
}

TEST_F(OutliersTrait, IsNoneThatAllCallsShare) {
  StoreCalls({{"region", "eu"}}, {{"region", "eu"}});
  EXPECT_EQ(Facts().trait, "");
}

// The rows of one block: a step, a value of the attribute "tenant", and whether it is an outlier.
CallRows Rows(const std::vector<std::tuple<uint32_t, std::string, bool>>& calls) {
  CallRows rows;
  rows.strings.push_back("tenant");
  for (const auto& [series, value, is_outlier] : calls) {
    rows.strings.push_back(value);
    rows.attribute_sets.push_back({{0, static_cast<uint32_t>(rows.strings.size() - 1)}});
    rows.attribute_set.push_back(static_cast<uint32_t>(rows.attribute_sets.size() - 1));
    rows.series.push_back(series);
    rows.weight.push_back(1);
    rows.flags.push_back(is_outlier ? kFlagOutlier : 0);
  }
  return rows;
}

std::map<std::string, std::pair<int64_t, int64_t>> Found(const AttributeTraits& traits,
                                                         uint32_t step) {
  std::map<std::string, std::pair<int64_t, int64_t>> found;
  traits.Visit(
      NameId(step), [&](absl::string_view key, absl::string_view value, const TraitCounts& counts) {
        found[std::string(key) + "=" + std::string(value)] = {counts.calls, counts.outliers};
      });
  return found;
}

TEST(AttributeTraits, AreCountedByStepOverBlocksAndThreads) {
  const std::vector<NameId> steps = {NameId(7), NameId(8), NameId(7)};
  AttributeTraits one;
  one.Add(Rows({{0, "acme", true}, {1, "acme", true}, {2, "acme", false}}), steps);
  AttributeTraits other;
  CallRows taken_out = Rows({{0, "acme", true}, {0, "zen", false}});
  taken_out.weight[0] = -1;
  other.Add(taken_out, steps);
  one.Merge(other);
  using Pairs = std::map<std::string, std::pair<int64_t, int64_t>>;
  EXPECT_EQ(Found(one, 7), (Pairs{{"tenant=acme", {1, 0}}, {"tenant=zen", {1, 0}}}));
  EXPECT_EQ(Found(one, 8), (Pairs{{"tenant=acme", {1, 1}}}));
  EXPECT_EQ(Found(one, 9), Pairs());
}

TEST(AttributeTraits, AnAttributeOfTooManyValuesIsLeftOutHoweverThreadsShareThem) {
  constexpr int kHalf = AttributeTraits::kValuesMax / 2;
  const std::vector<NameId> steps = {NameId(7)};
  AttributeTraits one;
  AttributeTraits other;
  for (int i = 0; i < kHalf; ++i) {
    one.Add(Rows({{0, "a" + std::to_string(i), true}}), steps);
    other.Add(Rows({{0, "b" + std::to_string(i), true}}), steps);
  }
  one.Merge(other);
  EXPECT_EQ(Found(one, 7).size(), AttributeTraits::kValuesMax);
  one.Add(Rows({{0, "one more", true}}), steps);
  EXPECT_EQ(Found(one, 7).size(), 0U);
  one.Merge(other);
  EXPECT_EQ(Found(one, 7).size(), 0U);
  other.Merge(one);
  EXPECT_EQ(Found(other, 7).size(), 0U);
}

}  // namespace
}  // namespace itemized::testing
