// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/budget_book.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/budgets/budget_codec.h"
#include "tests/server/budgets/fake_budget_store.h"

namespace itemized::server {
namespace {

using Fault = FakeBudgetStore::Fault;
using ::testing::HasSubstr;

class BudgetBookTest : public ::testing::Test {
 protected:
  // Records a spend of the day, and returns the percents that are new.
  std::vector<int32_t> Record(BudgetBook& book, const std::string& name, Picos spent) {
    const auto noticed =
        book.Record(name, book.Find(name)->generation, kBookDay, spent, kBookNowUs);
    std::vector<int32_t> percents;
    for (size_t i = 0; noticed.ok() && i < noticed->size(); ++i) {
      percents.push_back((*noticed)[i].percent);
    }
    return percents;
  }
  std::vector<std::string> Names(const BudgetBook& book) {
    std::vector<std::string> names;
    for (const HeldBudget& held : book.List()) {
      names.push_back(held.budget.name);
    }
    return names;
  }
  // Returns a book that has just been opened on what is stored.
  std::unique_ptr<BudgetBook> Reopened() {
    auto book = std::make_unique<BudgetBook>(store_.Store());
    EXPECT_TRUE(book->Load().ok());
    return book;
  }

  using Percents = std::vector<int32_t>;
  FakeBudgetStore store_;
  BudgetBook book_{store_.Store()};
};

TEST_F(BudgetBookTest, KeepsBudgetsAndWhatWasToldOverARestart) {
  EXPECT_FALSE(*book_.Set(BudgetOf("a")));
  EXPECT_TRUE(*book_.Set(BudgetOf("a", 2'000)));
  EXPECT_FALSE(*book_.Set(BudgetOf("b")));
  EXPECT_EQ(Record(book_, "b", 800), Percents({50, 80}));
  const auto reopened = Reopened();
  EXPECT_EQ(Names(*reopened), std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(reopened->Find("a")->budget.amount, 2'000);
  EXPECT_EQ(Record(*reopened, "b", 900), Percents());
  EXPECT_EQ(Record(*reopened, "b", 1'000), Percents({100}));
}

TEST_F(BudgetBookTest, ForgetsABudgetWithAllThatWasTold) {
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  Record(book_, "a", 800);
  EXPECT_EQ(book_.Remove("a")->name, "a");
  EXPECT_EQ(store_.size(), 0);
  EXPECT_TRUE(Names(*Reopened()).empty());
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  EXPECT_EQ(Record(book_, "a", 800), Percents({50, 80}));
}

TEST_F(BudgetBookTest, SaysWhichNameMayBeMeant) {
  ASSERT_TRUE(book_.Set(BudgetOf("planning")).ok());
  const absl::Status status = book_.Remove("planing").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "There is no budget \"planing\". Did you mean \"planning\"?");
}

TEST_F(BudgetBookTest, TellsAgainOfABudgetThatIsAboutOtherCalls) {
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  EXPECT_EQ(Record(book_, "a", 500), Percents({50}));
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());  // It is the same.
  EXPECT_EQ(Record(book_, "a", 500), Percents());
  Budget other = BudgetOf("a");
  other.scope = {BudgetScopeKind::kStep, "", "plan"};
  ASSERT_TRUE(book_.Set(other).ok());
  EXPECT_EQ(Record(book_, "a", 500), Percents({50}));
}

TEST_F(BudgetBookTest, TakesNoJudgementOfABudgetThatHasChangedSince) {
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  const uint64_t before = book_.Find("a")->generation;
  ASSERT_TRUE(book_.Set(BudgetOf("a", 5'000)).ok());
  EXPECT_TRUE(book_.Record("a", before, kBookDay, 1'000, kBookNowUs)->empty());
  EXPECT_TRUE(book_.Record("gone", 1, kBookDay, 1'000, kBookNowUs)->empty());
}

TEST_F(BudgetBookTest, WritesNothingWhileNothingChanges) {
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  Record(book_, "a", 500);
  const int writes = store_.writes();
  for (int i = 0; i < 10; ++i) {
    Record(book_, "a", 501 + i);
  }
  EXPECT_EQ(store_.writes(), writes);
}

TEST_F(BudgetBookTest, ShowsNobodyWhatIsNotOnDisk) {
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  store_.SetFault(Fault::kRefused);
  EXPECT_EQ(book_.Set(BudgetOf("b")).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(book_.Remove("a").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Record(book_, "a", 500), Percents());
  EXPECT_EQ(Names(book_), std::vector<std::string>({"a"}));
  EXPECT_TRUE(book_.Find("a")->crossings.empty());
  store_.SetFault(Fault::kNone);
  EXPECT_EQ(Record(book_, "a", 500), Percents({50}));
  EXPECT_EQ(Record(book_, "a", 500), Percents());
}

TEST_F(BudgetBookTest, FindsAWriteThatTurnedUpAfterAll) {
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  store_.SetFault(Fault::kLate);
  EXPECT_FALSE(book_.Set(BudgetOf("late")).ok());
  EXPECT_EQ(Names(book_), std::vector<std::string>({"a"}));
  store_.SetFault(Fault::kNone);
  ASSERT_TRUE(book_.Set(BudgetOf("b")).ok());
  EXPECT_EQ(Names(book_), std::vector<std::string>({"a", "b", "late"}));
  EXPECT_EQ(Names(*Reopened()), Names(book_));
}

TEST_F(BudgetBookTest, TellsACrossingOnceThoughItsWriteTurnedUpLate) {
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  store_.SetFault(Fault::kLate);
  EXPECT_EQ(Record(book_, "a", 500), Percents());
  store_.SetFault(Fault::kNone);
  EXPECT_EQ(Record(book_, "a", 500), Percents({50}));
  EXPECT_EQ(Record(book_, "a", 500), Percents());
  EXPECT_EQ(Record(*Reopened(), "a", 500), Percents());
}

TEST_F(BudgetBookTest, SettlesAWebhookForGood) {
  ASSERT_TRUE(book_.Set(BudgetOf("a", 1'000, "http://h/")).ok());
  Record(book_, "a", 500);
  const Crossing crossing = book_.Find("a")->crossings[0];
  EXPECT_EQ(crossing.delivery, Delivery::kPending);
  ASSERT_TRUE(book_.Settle("a", CrossingId("a", crossing), Delivery::kSent, 77).ok());
  EXPECT_EQ(Reopened()->Find("a")->crossings[0].delivery, Delivery::kSent);
  EXPECT_EQ(Reopened()->Find("a")->crossings[0].settled_us, 77);
  // What is settled stays as it is.
  ASSERT_TRUE(book_.Settle("a", CrossingId("a", crossing), Delivery::kGivenUp, 78).ok());
  EXPECT_EQ(book_.Find("a")->crossings[0].delivery, Delivery::kSent);
}

TEST_F(BudgetBookTest, SendsNothingOnceTheWebhookIsTakenAway) {
  ASSERT_TRUE(book_.Set(BudgetOf("a", 1'000, "http://h/")).ok());
  Record(book_, "a", 500);
  ASSERT_TRUE(book_.Set(BudgetOf("a")).ok());
  EXPECT_EQ(book_.Find("a")->crossings[0].delivery, Delivery::kNone);
}

TEST_F(BudgetBookTest, HasALimitAndSaysSo) {
  for (size_t i = 0; i < kBudgetsMax; ++i) {
    ASSERT_TRUE(book_.Set(BudgetOf(absl::StrCat("b", i))).ok());
  }
  const absl::Status status = book_.Set(BudgetOf("more")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("remove one first"));
  EXPECT_TRUE(book_.Set(BudgetOf("b1", 5)).ok());
}

TEST_F(BudgetBookTest, TakesNoSpanOfATraceForABudget) {
  // A sender may choose the id of a trace, with which the keys of its spans begin.
  store_.Put({.key = std::string(kBudgetPrefix).substr(0, 16) + "/b/abcde", .value = "x"});
  EXPECT_TRUE(Reopened()->List().empty());
}

TEST_F(BudgetBookTest, RefusesToOpenADamagedBudget) {
  store_.Put({.key = BudgetKey("a"), .value = "x"});
  EXPECT_EQ(BudgetBook(store_.Store()).Load().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace itemized::server
