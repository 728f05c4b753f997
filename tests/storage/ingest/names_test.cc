// SPDX-License-Identifier: Apache-2.0
// Names are bytes: none is folded into another until there are too many.

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "storage/model/limits.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class Names : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
  }
};

TEST_F(Names, ThatDifferByCaseOrUnicodeFormStayApart) {
  const std::vector<std::string> names = {
      "plan", "Plan", "PLAN", "plan ", "r\u00e9sum\u00e9", "re\u0301sume\u0301", "\u8a08\u753b"};
  std::vector<Call> calls;
  for (size_t i = 0; i < names.size(); ++i) {
    calls.push_back(MakeCall("c", names[i], names[i], static_cast<int64_t>(i) + 1));
    calls.back().workflow = calls.back().provider = names[i];
  }
  Store(calls);
  for (size_t i = 0; i < names.size(); ++i) {
    const Picos cost = static_cast<int64_t>(i) + 1;
    EXPECT_EQ(TopOf(names[i]).sums.cost, cost);
    EXPECT_EQ(TopOf(names[i], GroupBy::kWorkflow).sums.cost, cost);
    EXPECT_EQ(TopOf(names[i], GroupBy::kProvider).sums.cost, cost);
    EXPECT_EQ(Value(db().GetRun(names[i])).cost, cost);
  }
}

TEST_F(Names, ThatAreEmptyHaveARowOfTheirOwn) {
  Call call = MakeCall("c", "run", "planning", 5);
  call.workflow = call.provider = "";
  Store({call});
  EXPECT_EQ(TopOf("", GroupBy::kWorkflow).sums.cost, Picos{5});
  EXPECT_EQ(TopOf("", GroupBy::kProvider).sums.cost, Picos{5});
  EXPECT_EQ(WorkflowOf("").spend, Picos{5});
}

TEST_F(Names, AttributesGroupCallsAndThoseWithoutOneAreUnderTheEmptyName) {
  Call acme = MakeCall("a", "run", "planning", 5);
  acme.attributes = {{"tenant", "acme"}, {"release", "7"}};
  Call zeta = MakeCall("z", "run", "planning", 7);
  zeta.attributes = {{"tenant", "zeta"}};
  Store({acme, zeta, MakeCall("n", "run", "planning", 6)});
  const TopAnswer top =
      Value(db().Top({.window = Always(), .by = GroupBy::kAttribute, .attribute_key = "tenant"}));
  ASSERT_EQ(top.rows.size(), 3U);
  EXPECT_EQ(top.rows[0].key, "zeta");
  EXPECT_EQ(top.rows[1].key, "");
  EXPECT_EQ(top.rows[1].sums.cost, Picos{6});
  EXPECT_EQ(top.rows[2].key, "acme");
}

TEST_F(Names, RowsOfEqualCostComeByKey) {
  Store({MakeCall("1", "run", "b", 5), MakeCall("2", "run", "a", 5), MakeCall("3", "run", "c", 5),
         MakeCall("4", "run", "z", 9)});
  std::string order;
  for (const TopRow& row : Top().rows) {
    order += row.key;
  }
  EXPECT_EQ(order, "zabc");
}

TEST_F(Names, BeyondTheLimitFoldIntoOtherWithTheMoneyKept) {
  constexpr int64_t kBeyond = 200;
  std::vector<Call> calls;
  for (int64_t i = 0; i < static_cast<int64_t>(kProvidersMax) + kBeyond; ++i) {
    calls.push_back(MakeCall("c" + std::to_string(i), "run", "planning", 10));
    calls.back().provider = "provider-" + std::to_string(i);
  }
  Store(calls);
  const TopAnswer top = Top(GroupBy::kProvider);
  EXPECT_EQ(top.total.calls, static_cast<int64_t>(calls.size()));
  EXPECT_EQ(top.total.cost, Picos{10} * calls.size());
  EXPECT_LE(top.rows.size(), kProvidersMax + 1);
  const TopRow other = TopOf(kOtherName, GroupBy::kProvider);
  EXPECT_GE(other.sums.calls, kBeyond);
  EXPECT_LE(other.sums.calls, kBeyond + 2);  // The empty and the folded name may take a place.
  EXPECT_EQ(TopOf("provider-0", GroupBy::kProvider).sums.cost, Picos{10});

  Reopen();
  calls.back().event_id = "again";
  Store({calls.back()});
  EXPECT_EQ(TopOf(kOtherName, GroupBy::kProvider).sums.calls, other.sums.calls + 1);
}

TEST_F(Names, TooManyStepsFoldIntoOtherWithTheMoneyKept) {
  const int64_t steps = static_cast<int64_t>(kStepsMax) + 100;
  std::vector<Call> calls;
  for (int64_t i = 0; i < steps; ++i) {
    calls.push_back(MakeCall("c" + std::to_string(i), "run", "step-" + std::to_string(i), 10));
    if (calls.size() == kBatchEventsMax || i + 1 == steps) {
      Store(calls);
      calls.clear();
    }
  }
  const TopAnswer top = Top();
  EXPECT_EQ(top.total.cost, Picos{10} * steps);
  EXPECT_LE(top.rows.size(), kStepsMax + 1);
  EXPECT_GE(TopOf(kOtherName).sums.calls, 100);
  EXPECT_LE(TopOf(kOtherName).sums.calls, 102);
}

// What was refused has used up no name, now and after a restart.
class NamesOfRefused : public Names {
 protected:
  // More calls than there may be steps, each with names of its own; all are refused.
  void Refuse(RefusalCode code, const std::function<void(Call*)>& spoil) {
    for (int64_t batch = 0; batch < 2; ++batch) {
      std::vector<Call> calls;
      for (size_t i = 0; i < kBatchEventsMax - 1; ++i) {
        const std::string suffix = std::to_string(batch) + "-" + std::to_string(i);
        Call& call = calls.emplace_back(MakeCall("c" + suffix, "run", "step" + suffix, 7));
        call.workflow = "workflow" + suffix;
        call.provider = "provider" + suffix;
        call.model = "model" + suffix;
        spoil(&call);
      }
      const BatchResult result = Write(calls);
      ASSERT_EQ(result.refused(), static_cast<int64_t>(calls.size()));
      EXPECT_EQ(result.refusals.front().code, code);
      EXPECT_EQ(result.refusals.back().code, code);
    }
  }

  void ExpectNamesAreThere() {
    for (const std::string name : {"first", "after a restart"}) {
      Call call = MakeCall(name, "real", name, 10);
      call.workflow = call.provider = call.model = name;
      Store({call}, {MakeCompletion("real of " + name, Outcome::kCompleted, kNowUs)});
      for (const GroupBy by :
           {GroupBy::kStep, GroupBy::kWorkflow, GroupBy::kProvider, GroupBy::kModel}) {
        EXPECT_EQ(TopOf(name, by).sums.calls, 1);
      }
      Reopen();
    }
  }
};

TEST_F(NamesOfRefused, ConflictsAreNotNumbered) {
  Store({MakeCall("c", "run", "planning", 5)});
  Refuse(RefusalCode::kConflict, [](Call* call) { call->event_id = "c"; });
  Reopen();  // The run is then brief, and its content is in the log.
  Refuse(RefusalCode::kConflict, [](Call* call) { call->event_id = "c"; });
  ExpectNamesAreThere();
}

TEST_F(NamesOfRefused, CallsThatCostTooMuchAreNotNumbered) {
  Rate rate = MakeRate("", INT64_MAX / 1'000'000, 1);
  rate.match.kind = ModelMatch::Kind::kStartsWith;
  rate.match.text = "model";
  SetRates({rate});
  Refuse(RefusalCode::kCostOutOfRange,
         [](Call* call) { (*call->usage)[UsageClass::kInput] = kTokensMax; });
  ExpectNamesAreThere();
}

TEST_F(NamesOfRefused, CallsThatAreTooOldAreNotNumbered) {
  DatabaseOptions options = Options();
  options.retain_events_us = kMicrosPerDay;
  Store({MakeCall("c", "run", "planning", 5)});
  Reopen(options);
  while (db().Info().events_kept_from_us == 0 || db().Info().is_dropping) {
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  Refuse(RefusalCode::kTooOld, [](Call* call) { call->time_us -= 3 * kMicrosPerDay; });
  ExpectNamesAreThere();
}

// A store whose disk is full when it is told so.
class RoomyOrFull : public Kv {
 public:
  RoomyOrFull(std::unique_ptr<Kv> kv, const std::atomic<bool>* full)
      : kv_(std::move(kv)), full_(*full) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 absl::string_view key) const override {
    return kv_->Get(family, key);
  }
  std::unique_ptr<KvIterator> Scan(Family family, absl::string_view start,
                                   absl::string_view end) const override {
    return kv_->Scan(family, start, end);
  }
  absl::Status Write(const KvBatch& batch, bool sync) override { return kv_->Write(batch, sync); }
  absl::Status WriteTables(const KvBatch& batch) override { return kv_->WriteTables(batch); }
  absl::Status DropFiles(Family family, absl::string_view start, absl::string_view end) override {
    return kv_->DropFiles(family, start, end);
  }
  absl::Status VerifyChecksums() const override { return kv_->VerifyChecksums(); }
  absl::StatusOr<int64_t> FreeBytes() const override { return full_ ? 0 : int64_t{1} << 40; }
  absl::Status CopyTo(const std::string& path) override { return kv_->CopyTo(path); }

 private:
  const std::unique_ptr<Kv> kv_;
  const std::atomic<bool>& full_;
};

TEST_F(NamesOfRefused, GroupsThatCouldNotBeWrittenLeaveNothingBehind) {
  std::atomic<bool> full = false;
  DatabaseOptions options = Options();
  options.open_kv = [&](const std::string& path) -> absl::StatusOr<std::unique_ptr<Kv>> {
    return std::make_unique<RoomyOrFull>(Value(OpenRocksKv(path)), &full);
  };
  Reopen(options);
  SetRates({MakeRate("model-1", 3, 3), MakeRate("real", 2, 2)});
  full = true;
  for (int batch = 0; batch < 2; ++batch) {
    std::vector<Call> calls;
    for (size_t i = 0; i < kBatchEventsMax; ++i) {
      const std::string number = std::to_string(batch) + std::to_string(i);
      Call& call = calls.emplace_back(MakeCall("c" + number, "run", "step" + number, 7));
      call.model = "model-" + std::to_string(i % 2);
    }
    EXPECT_EQ(db().Write(MakeBatch(calls)).status().code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_TRUE(Top().rows.empty());
  full = false;
  // What was found for a number that was given up does not hold for the next one with it.
  Call call = MakeCall("real", "run", "real", 5);
  call.model = "real";
  Store({call});
  EXPECT_EQ(TopOf("real").sums.cost, Picos{10});
  EXPECT_EQ(TopOf("real", GroupBy::kModel).sums.calls, 1);
  ExpectNamesAreThere();
}

// A completion may name any step; only those of calls are numbered.
class UnusedNames : public Names {
 protected:
  void NameMany() {
    std::vector<Completion> ends;
    for (int64_t i = 0; i < 15; ++i) {
      std::vector<std::string> steps;
      for (size_t j = 0; j < kUnusedStepsMax; ++j) {
        steps.push_back("made up " + std::to_string(i) + "-" + std::to_string(j));
      }
      ends.push_back(
          MakeCompletion("run-" + std::to_string(i), Outcome::kCompleted, kNowUs, steps));
    }
    Store({}, ends);
  }
};

TEST_F(UnusedNames, UseUpNoNames) {
  NameMany();
  for (const std::string step : {"real", "after a restart"}) {
    Store({MakeCall(step, "run", step, 10)});
    EXPECT_EQ(TopOf(step).sums.calls, 1);
    Reopen();
    EXPECT_EQ(Value(db().GetRun("run-3")).unused_steps.size(), kUnusedStepsMax);
  }
}

TEST_F(UnusedNames, CountForCallsThatComeLater) {
  NameMany();
  for (int reopened = 0; reopened < 2; ++reopened) {
    const std::string step = "made up 4-" + std::to_string(17 + reopened);
    Store({MakeCall("late " + step, "run-4", step, 10),
           MakeCall("other " + step, "run-4", "used" + step, 3),
           MakeCall("elsewhere " + step, "run-5", step, 5)});
    EXPECT_EQ(TopOf(step).unsurfaced, Picos{10});
    EXPECT_EQ(TopOf("used" + step).unsurfaced, Picos{0});
    const TopAnswer by_attribute =
        Value(db().Top({.window = Always(), .by = GroupBy::kAttribute, .attribute_key = "tenant"}));
    EXPECT_EQ(by_attribute.unsurfaced, Picos{10 * (reopened + 1)});
    EXPECT_EQ(Value(db().GetRun("run-4")).unsurfaced, Picos{10 * (reopened + 1)});
    Reopen();
  }
}

TEST_F(UnusedNames, ThatCameToBeKnownMakeTheSameCompletionADuplicate) {
  const std::vector<Completion> end = {
      MakeCompletion("run", Outcome::kCompleted, kNowUs, {"later", "never"})};
  Store({}, end);
  EXPECT_EQ(Write({}, end).duplicate, 1);
  Store({MakeCall("c", "run", "later", 10)});
  EXPECT_EQ(Write({}, end).duplicate, 1);
  Reopen();
  EXPECT_EQ(Write({}, end).duplicate, 1);
  EXPECT_EQ(TopOf("later").unsurfaced, Picos{10});
}

TEST_F(UnusedNames, OfStepsBeyondTheLimitStandForOther) {
  std::vector<Call> calls;
  for (size_t i = 0; i <= kStepsMax; ++i) {
    calls.push_back(MakeCall("c" + std::to_string(i), "many", "step-" + std::to_string(i), 1));
    if (calls.size() == kBatchEventsMax || i == kStepsMax) {
      Store(calls);
      calls.clear();
    }
  }
  const std::vector<Completion> end = {
      MakeCompletion("run", Outcome::kCompleted, kNowUs, {"beyond"})};
  Store({MakeCall("c", "run", "beyond", 10)}, end);
  EXPECT_EQ(Value(db().GetRun("run")).unsurfaced, Picos{10});
  EXPECT_EQ(Write({}, end).duplicate, 1);
}

}  // namespace
}  // namespace itemized::testing
