// SPDX-License-Identifier: Apache-2.0
// A call is counted once, for ever.

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "storage/base/bytes.h"
#include "storage/base/keyed_hash.h"
#include "storage/kv/rocks_kv.h"
#include "storage/runs/run.h"
#include "tests/storage/database/database_fixture.h"

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

// Found for the hash without a key that stood for ids before: both had the same one.
TEST_F(Duplicates, TwoIdsThatWereMadeToCollideAreTwoCalls) {
  const Call one = MakeCall("x-123456789abcdef", "run", "planning", 1'000);
  const Call other = MakeCall("y27-35233931121c4a4", "run", "planning", 1'000);
  Store({one});
  Store({other});
  EXPECT_EQ(Top().total.calls, 2);
  Reopen();
  EXPECT_EQ(Write({one, other}).duplicate, 2);
}

// Whoever knew the key of a store could do it; nothing is lost without a word then either.
TEST_F(Duplicates, TwoIdsThatDoCollideAreToldApartByTheirBytes) {
  Close();
  const std::string row =
      Value(Value(OpenRocksKv(directory()))->Get(Family::kMeta, "k")).value_or("");
  absl::string_view rest = row;
  HashKey key{};
  ASSERT_TRUE(ReadBigEndian64(&rest, &key[0]) && ReadBigEndian64(&rest, &key[1]) && rest.empty());
  const std::string one = "x-123456789abcdef";
  std::string other;
  for (int i = 0; FingerprintOf(key, other) != FingerprintOf(key, one); ++i) {
    const std::string prefix = absl::StrCat("y", i, "-");
    const uint64_t number = FingerprintOf(key, one) - KeyedHash(key, prefix, 15);
    other = absl::StrCat(prefix, absl::Hex(number, absl::kZeroPad15));
  }
  Reopen();
  const BatchResult together = Write({MakeCall(one, "r", "s", 1), MakeCall(other, "r", "s", 1)});
  EXPECT_EQ(together.refusals.size(), 1U);
  Reopen();  // Then the ids are in the log.
  const BatchResult later = Write({MakeCall(one, "r", "s", 1), MakeCall(other, "r", "s", 1)});
  EXPECT_EQ(later.duplicate, 1);
  EXPECT_EQ(later.refusals.size(), 1U);
}

// Otherwise whoever has a store of the same program knows what collides in all others.
TEST_F(Duplicates, AreKnownByAKeyThatNoOtherStoreHas) {
  const TemporaryDirectory other;
  DatabaseOptions options = Options();
  options.directory = other.path();
  Value(Database::Open(options)).reset();
  Close();
  const auto key_in = [](const std::string& path) {
    return Value(Value(OpenRocksKv(path))->Get(Family::kMeta, "k")).value_or("");
  };
  const std::string key = key_in(directory());
  EXPECT_EQ(key.size(), 16U);
  EXPECT_NE(key_in(other.path()), key);
  Reopen();
  Close();
  EXPECT_EQ(key_in(directory()), key);  // It never changes.
  Reopen();
}

TEST_F(Duplicates, TheFirstOfTwoInABatchIsStored) {
  const BatchResult result =
      Write({MakeCall("c", "run", "first", 1'000), MakeCall("c", "run", "second", 1)});
  EXPECT_EQ(result.accepted, 1);
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kConflict);
  EXPECT_EQ(TopOf("first").sums.calls, 1);
  EXPECT_EQ(Top().rows.size(), 1U);
}

TEST_F(Duplicates, AnythingElseThatDiffersUnderAKnownIdIsAConflictAndTheFirstStays) {
  Call first = MakeCall("c", "run", "planning", 1'000);
  first.attributes = {{"tenant", "acme"}};
  Store({first});
  const std::vector<std::function<void(Call*)>> changes = {
      [](Call* c) { c->time_us -= 40 * kMicrosPerDay; },
      [](Call* c) { c->step = "elsewhere"; },
      [](Call* c) { c->model = "another"; },
      [](Call* c) { c->workflow = "another"; },
      [](Call* c) { c->provider = "another"; },
      [](Call* c) { ++(*c->usage)[UsageClass::kCacheRead]; },
      [](Call* c) { c->usage.reset(); },
      [](Call* c) { ++c->duration_us; },
      [](Call* c) { c->status = CallStatus::kError; },
      [](Call* c) {
        c->attributes = {{"tenant", "zeta"}};
      },
      [](Call* c) {
        c->attributes = {{"owner", "acme"}};
      },
      [](Call* c) { c->attributes.clear(); }};
  for (size_t reopened = 0; reopened < 2; ++reopened) {
    for (size_t i = 0; i < changes.size(); ++i) {
      SCOPED_TRACE(i);
      Call other = first;
      changes[i](&other);
      const BatchResult result = Write({other});
      ASSERT_EQ(result.refusals.size(), 1U);
      EXPECT_EQ(result.refusals[0].code, RefusalCode::kConflict);
      EXPECT_NE(result.refusals[0].message.find("\"c\""), std::string::npos);
    }
    EXPECT_EQ(Write({first}).duplicate, 1);
    EXPECT_EQ(Top().rows.size(), 1U);
    Reopen();
  }
}

TEST_F(Duplicates, ARetractedOrRepricedCallIsStillKnownByItsContent) {
  const Call call = MakeCall("c", "run", "planning", 1'000);
  Call other = call;
  ++other.duration_us;
  Store({call});
  SetSonnetRate();  // Priced again, at the same price.
  EXPECT_EQ(Write({call}).duplicate, 1);
  ASSERT_TRUE(db().Retract({{"run", "c"}}).ok());
  EXPECT_EQ(Write({call}).duplicate, 1);
  EXPECT_EQ(Write({other}).refusals.size(), 1U);
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
  EXPECT_EQ(Value(db().GetRun("run")).calls.size(), 3U);
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
  EXPECT_EQ(Value(db().GetRun("run-0")).calls.size(), 1U);
}

}  // namespace
}  // namespace itemized::testing
