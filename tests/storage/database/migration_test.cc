// SPDX-License-Identifier: Apache-2.0
// A store as schema versions 8 to 10 wrote it is opened, and is then one of today.

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Varint(uint64_t value) {
  std::string bytes;
  AppendVarint(&bytes, value);
  return bytes;
}

class Migrating : public DatabaseTest {
 protected:
  // Takes from the closed store what version 8 did not have. It had rows of a commit index for
  // what a checkpoint did not hold yet; `unfolded` blocks are to be so.
  void MakeVersion8(BlockSequence unfolded = 0) {
    const BlockSequence last = db().Info().last_block;
    Close();
    const std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory()));
    KvBatch batch;
    auto entries = kv->Scan(Family::kMeta, keys::kEntries, keys::Past(keys::kEntries));
    for (; entries->Valid(); entries->Next()) {
      batch.Delete(Family::kMeta, std::string(entries->key()));
    }
    ASSERT_TRUE(entries->status().ok());
    batch.Put(Family::kMeta, keys::kVersion, "8");
    batch.Put(Family::kMeta, keys::kApplied, Varint(last));
    batch.Put(Family::kMeta, std::string("g\0\0\0\0\0\0\0\1", 9), Varint(500'000));
    for (const Family family : {Family::kRollups, Family::kOutcomes}) {
      if (unfolded < last) {
        batch.Put(family, keys::kWatermark, Varint(last - unfolded));
        continue;
      }
      for (const Family all : {Family::kRollups, Family::kOutcomes, Family::kRuns}) {
        auto rows = kv->Scan(all, "", "");
        for (; rows->Valid(); rows->Next()) {
          batch.Delete(all, std::string(rows->key()));
        }
      }
    }
    ASSERT_TRUE(kv->Write(batch, /*sync=*/true).ok());
  }

  std::string Answers() {
    std::string answers = Describe(Top());
    for (const GroupBy by : {GroupBy::kModel, GroupBy::kWorkflow, GroupBy::kProvider}) {
      answers += Describe(Top(by));
    }
    answers += Describe(Value(db().Workflows(Always())));
    for (const Rate& rate : db().ListRates()) {
      answers += rate.match.ToString() + "\n";
    }
    return answers + Describe(Outliers()) + Describe(Value(db().GetRun("run-3")));
  }

  void StoreSome() {
    SetSonnetRate();
    for (int i = 0; i < 80; ++i) {
      Call call = MakeCall("a", "run-" + std::to_string(i), "step-" + std::to_string(i % 7), 100);
      call.time_us -= i * kMicrosPerHour;
      Store({call},
            {MakeCompletion(call.workflow_id, Outcome::kCompleted, call.time_us, {"step-3"})});
    }
    SetRates({MakeRate("another", 1, 1)});
  }
};

TEST_F(Migrating, ChangesNoAnswerAndVerifies) {
  StoreSome();
  const std::string before = Answers();
  const BlockSequence last = db().Info().last_block;
  MakeVersion8();
  std::vector<std::string> told;
  DatabaseOptions options = Options();
  options.warn = [&](const std::string& sentence) { told.push_back(sentence); };
  Reopen(options);
  EXPECT_THAT(told, ElementsAre(HasSubstr("is being brought up to date."),
                                HasSubstr("with " + std::to_string(last) + " blocks.")));
  EXPECT_EQ(Answers(), before);
  EXPECT_TRUE(db().VerifyViews().ok());
  Store({MakeCall("new", "run-3", "a new step", 5)});
  EXPECT_EQ(db().Info().last_block, last + 1);
  Reopen(options);
  EXPECT_EQ(told.size(), 2U);  // It is done once.
}

TEST_F(Migrating, OfAStoreOfVersion9Or10IsThatEarlierServersRefuseIt) {
  StoreSome();
  const std::string before = Answers();
  const auto version = [&](const char* put) {
    Close();
    const std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory()));
    const std::string found = Value(kv->Get(Family::kMeta, keys::kVersion)).value_or("");
    KvBatch batch;
    batch.Put(Family::kMeta, keys::kVersion, put);
    batch.Delete(Family::kRuns, keys::kRunsWatermark);
    EXPECT_TRUE(kv->Write(batch, /*sync=*/true).ok());
    return found;
  };
  version("9");
  Reopen();
  EXPECT_EQ(Answers(), before);
  EXPECT_EQ(version("10"), "11");
  Reopen();
  EXPECT_EQ(Answers(), before);
  EXPECT_TRUE(db().VerifyViews().ok());
  EXPECT_EQ(version("11"), "11");
  EXPECT_TRUE(absl::IsDataLoss(Database::Open(Options()).status()));
}

TEST_F(Migrating, FoldsWhatNoCheckpointHolds) {
  StoreSome();
  const std::string before = Answers();
  MakeVersion8(/*unfolded=*/1'000);
  Reopen();
  EXPECT_EQ(Answers(), before);
}

TEST_F(Migrating, KeepsWhatIsKnownOfProducersAndDuplicates) {
  StoreSome();
  const auto begin = [&] {
    std::promise<absl::StatusOr<ProducerSession>> begun;
    db().BeginSession({.id = {7}}, [&](auto session) { begun.set_value(std::move(session)); });
    return Value(begun.get_future().get());
  };
  {
    const ProducerSession session = begin();
    Submission submission;
    submission.parts.push_back(MakeBatch({MakeCall("", "run-p", "step", 3)}, {}));
    submission.position =
        BatchPosition{.producer = {7}, .session = session.session, .sequence = 1, .content = 9};
    std::promise<absl::StatusOr<SubmissionResult>> done;
    db().Submit(std::move(submission), [&](auto result) { done.set_value(std::move(result)); });
    ASSERT_TRUE(done.get_future().get().ok());
  }
  MakeVersion8();
  Reopen();
  EXPECT_EQ(begin().last_sequence, 1U);
  EXPECT_EQ(Write({MakeCall("a", "run-0", "step-0", 100)}).duplicate, 1);
}

TEST_F(Migrating, KeepsTheFirstHour) {
  StoreSome();
  DatabaseOptions options = Options();
  options.retain_events_us = kMicrosPerDay;
  Reopen(options);
  while (db().Info().events_kept_from_us == 0 || db().Info().is_dropping) {
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  const int64_t kept_from_us = db().Info().events_kept_from_us;
  MakeVersion8();
  Reopen(options);
  EXPECT_EQ(db().Info().events_kept_from_us, kept_from_us);
  EXPECT_TRUE(db().VerifyViews().ok());
}

}  // namespace
}  // namespace itemized::testing
