// SPDX-License-Identifier: Apache-2.0
#include "storage/budgets/budget_codec.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized {
namespace {

Budget FullBudget() {
  return {.name = "acme",
          .scope = {BudgetScopeKind::kAttribute, "tenant", "acme"},
          .amount = 1'500'000'000'000,
          .per = BudgetPeriod::kMonth,
          .zone = "Europe/Berlin",
          .thresholds = {50, 200},
          .webhook = "http://h/x",
          .set_at_us = 1'000};
}

std::vector<Crossing> TwoCrossings() {
  const TimeRange period{0, kMicrosPerDay};
  return {{.period = period,
           .percent = 50,
           .amount = 100,
           .spent = 51,
           .forecast = Picos{102},
           .noticed_us = 7,
           .judged_amount = 100,
           .delivery = Delivery::kSent,
           .settled_us = 9},
          {.period = period,
           .percent = 100,
           .amount = 100,
           .spent = 120,
           .forecast = std::nullopt,
           .noticed_us = 8,
           .judged_amount = 110,
           .delivery = Delivery::kPending}};
}

// storage/FORMAT.md, "Budgets".
TEST(BudgetCodec, WritesBudgetsAsTheFormatSays) {
  EXPECT_EQ(absl::BytesToHexString(EncodeBudget(FullBudget())),
            "01"
            "04"
            "61636d65"
            "05"
            "06"
            "74656e616e74"
            "04"
            "61636d65"
            "80e0bcefa757"
            "01"
            "0d"
            "4575726f70652f4265726c696e"
            "02"
            "32"
            "c801"
            "0a"
            "687474703a2f2f682f78"
            "d00f");
}

TEST(BudgetCodec, WritesCrossingsAsTheFormatSays) {
  EXPECT_EQ(absl::BytesToHexString(EncodeCrossings(TwoCrossings())),
            "01"
            "02"
            "00"
            "8080bbdd8305"
            "32"
            "c801"
            "c801"
            "66"
            "01"
            "cc01"
            "0e"
            "02"
            "12"
            "00"
            "8080bbdd8305"
            "64"
            "c801"
            "dc01"
            "f001"
            "00"
            "10"
            "01"
            "00");
}

TEST(BudgetCodec, ReadsWhatItWrote) {
  EXPECT_EQ(*DecodeBudget(EncodeBudget(FullBudget())), FullBudget());
  Budget plain{.name = "n", .scope = {}, .amount = kBudgetAmountMax};
  EXPECT_EQ(*DecodeBudget(EncodeBudget(plain)), plain);
  EXPECT_EQ(*DecodeCrossings(EncodeCrossings(TwoCrossings())), TwoCrossings());
  EXPECT_TRUE(DecodeCrossings(EncodeCrossings({}))->empty());
}

TEST(BudgetCodec, RefusesEveryPieceOfWhatItWroteAndWhatHasMore) {
  const std::string budget = EncodeBudget(FullBudget());
  const std::string crossings = EncodeCrossings(TwoCrossings());
  for (size_t size = 0; size < budget.size(); ++size) {
    EXPECT_EQ(DecodeBudget(budget.substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
  }
  for (size_t size = 0; size < crossings.size(); ++size) {
    EXPECT_EQ(DecodeCrossings(crossings.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_FALSE(DecodeBudget(budget + "x").ok());
  EXPECT_FALSE(DecodeCrossings(crossings + "x").ok());
  EXPECT_FALSE(DecodeBudget("\x02" + budget.substr(1)).ok());
}

// A trace's spans have keys of 24 bytes that begin with an id of the sender's choice.
TEST(BudgetCodec, HasKeysThatNoOtherNoteHas) {
  EXPECT_EQ(absl::BytesToHexString(BudgetKey("acme")),
            "6974656d697a65642e627564676574732f622f" +
                absl::BytesToHexString(BudgetKey("acme").substr(19)));
  for (const std::string& name : {std::string("a"), std::string(200, 'b')}) {
    EXPECT_EQ(BudgetKey(name).size(), kBudgetKeyBytes);
    EXPECT_EQ(CrossingsKey(name).size(), kBudgetKeyBytes);
    EXPECT_EQ(BudgetKey(name).substr(0, 19), kBudgetPrefix);
    EXPECT_EQ(CrossingsKey(name).substr(0, 19), kCrossingsPrefix);
    EXPECT_EQ(BudgetKey(name).substr(19), CrossingsKey(name).substr(19));
  }
  EXPECT_NE(BudgetKey("a"), BudgetKey("b"));
}

}  // namespace
}  // namespace itemized
