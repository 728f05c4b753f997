// A call is counted once, for ever.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/engine/database_fixture.h"

namespace itemized::testing {
namespace {

class Duplicates : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
  }
};

TEST_F(Duplicates, ACallThatCameBeforeChangesNothing) {
  const Call call = MakeCall("c", "run", "planning", 1'000);
  Store({call});
  const BatchResult again = Write({call, MakeCall("d", "run", "planning", 1'000), call});
  EXPECT_EQ(again.accepted, 1);
  EXPECT_EQ(again.duplicate, 2);
  EXPECT_TRUE(again.refusals.empty());
  EXPECT_EQ(TotalCost(), Picos{6'000'000'000});
}

TEST_F(Duplicates, TheFirstOfTwoInABatchIsStored) {
  const BatchResult result =
      Write({MakeCall("c", "run", "first", 1'000), MakeCall("c", "run", "second", 1)});
  EXPECT_EQ(result.accepted, 1);
  EXPECT_EQ(result.duplicate, 1);
  EXPECT_EQ(TopOf("first").sums.calls, 1);
  EXPECT_EQ(Top().rows.size(), 1U);
}

TEST_F(Duplicates, OtherContentUnderAKnownIdIsADuplicateToo) {
  Store({MakeCall("c", "run", "planning", 1'000)});
  Call other = MakeCall("c", "run", "elsewhere", 9);
  other.time_us -= 40 * kMicrosPerDay;
  EXPECT_EQ(Write({other}).duplicate, 1);
  EXPECT_EQ(Top().rows.size(), 1U);
}

TEST_F(Duplicates, TheSameIdInAnotherRunIsAnotherCall) {
  Store({MakeCall("c", "run-1", "planning", 1), MakeCall("c", "run-2", "planning", 1)});
  Store({MakeCall("-1c", "run", "planning", 1)});  // No separator is guessed between the two.
  EXPECT_EQ(Top().total.calls, 3);
}

TEST_F(Duplicates, WithoutAnIdEveryDeliveryCounts) {
  const Call call = MakeCall("", "run", "planning", 1'000);
  Store({call, call});
  Store({call});
  EXPECT_EQ(Top().total.calls, 3);
  EXPECT_EQ(Value(db().Run("run")).calls.size(), 3U);
}

TEST_F(Duplicates, AreKnownAfterReopeningWithAndWithoutACheckpoint) {
  const Call early = MakeCall("early", "run", "planning", 1);
  const Call late = MakeCall("late", "run", "planning", 1);
  Store({early});
  ASSERT_TRUE(db().Checkpoint().ok());
  Store({late});
  Reopen();
  EXPECT_EQ(Write({early, late}).duplicate, 2);
}

TEST_F(Duplicates, AreKnownWhenTheirRunIsNoLongerInMemory) {
  DatabaseOptions options = Options();
  options.resident_runs_max = 2;
  Reopen(options);
  std::vector<Call> calls;
  for (int i = 0; i < 200; ++i) {
    calls.push_back(MakeCall("c", "run-" + std::to_string(i), "planning", 1'000));
    Store({calls.back()});
    if (i % 50 == 0) {
      ASSERT_TRUE(db().Checkpoint().ok());
    }
  }
  EXPECT_EQ(Write(calls).duplicate, 200);
  EXPECT_EQ(WorkflowOf("support_ticket").runs[0], 200);
  EXPECT_EQ(Value(db().Run("run-0")).calls.size(), 1U);
}

}  // namespace
}  // namespace itemized::testing
