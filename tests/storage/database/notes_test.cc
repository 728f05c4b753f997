// SPDX-License-Identifier: Apache-2.0
// Notes that are written by themselves, and outliers as they come.

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/log/faulty_log.h"

namespace itemized::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Notes : public DatabaseTest {
 protected:
  void SetUp() override { Reopen(Faulty()); }
  ~Notes() override { Close(); }

  DatabaseOptions Faulty() {
    DatabaseOptions options = Options();
    options.wrap_log = [this](std::unique_ptr<CommitLog> log) {
      return std::make_unique<FaultyLog>(std::move(log), &faults_);
    };
    return options;
  }
  static Note NoteOf(const std::string& key, const std::string& value) {
    return {.key = key, .value = value, .time_us = kTimeMaxUs};
  }
  std::vector<std::string> Values(absl::string_view prefix = "") {
    std::vector<std::string> values;
    for (const Note& note : Value(db().ReadNotes(prefix))) {
      values.push_back(absl::StrCat(note.key, "=", note.value));
    }
    return values;
  }

  // The test may touch it only while nothing is being written.
  std::deque<LogFault> next_;
  const LogFaults faults_{.next = [this](const Entry&) {
    const LogFault fault = next_.empty() ? LogFault::kNone : next_.front();
    next_.erase(next_.begin(), next_.begin() + (next_.empty() ? 0 : 1));
    return fault;
  }};
};

TEST_F(Notes, AreOnDiskOnceTheyAreWrittenAndGoneOnceTheyAreDropped) {
  ASSERT_TRUE(db().WriteNotes({NoteOf("a", "1"), NoteOf("b", "2")}, {}).ok());
  Reopen(Faulty());
  EXPECT_THAT(Values(), ElementsAre("a=1", "b=2"));
  ASSERT_TRUE(db().WriteNotes({NoteOf("b", "3"), NoteOf("c", "4")}, {"a", "nowhere"}).ok());
  EXPECT_THAT(Values(), ElementsAre("b=3", "c=4"));
  Reopen(Faulty());
  EXPECT_THAT(Values(), ElementsAre("b=3", "c=4"));
  EXPECT_THAT(Values("c"), ElementsAre("c=4"));
}

TEST_F(Notes, ThatWereRefusedLeaveNothing) {
  next_ = {LogFault::kRefused};
  EXPECT_EQ(db().WriteNotes({NoteOf("a", "1")}, {}).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Values(), IsEmpty());
  EXPECT_TRUE(db().WriteNotes({NoteOf("a", "2")}, {}).ok());
  EXPECT_THAT(Values(), ElementsAre("a=2"));
}

TEST_F(Notes, OfWhichNobodyKnewMayTurnUpAndComeBeforeTheNextOnes) {
  next_ = {LogFault::kAppendedUnknown};
  EXPECT_EQ(db().WriteNotes({NoteOf("a", "1"), NoteOf("b", "1")}, {}).code(),
            absl::StatusCode::kUnavailable);
  ASSERT_TRUE(db().WriteNotes({NoteOf("a", "2")}, {}).ok());
  EXPECT_THAT(Values(), ElementsAre("a=2", "b=1"));
}

TEST_F(Notes, OfNoEventStayWhenEventsAreDropped) {
  Call old = MakeCall("e", "run", "step", 1'000);
  old.time_us -= 10 * kMicrosPerDay;
  Store({old, MakeCall("new", "run", "step", 1'000)});
  ASSERT_TRUE(db().WriteNotes({NoteOf("stays", "1"), {"goes", "2", old.time_us}}, {}).ok());
  DatabaseOptions options = Faulty();
  options.retain_events_us = 2 * kMicrosPerDay;
  Reopen(options);
  while (db().Info().events_kept_from_us == 0 || db().Info().is_dropping) {
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  EXPECT_THAT(Values(), ElementsAre("stays=1"));
}

// Hears of outliers while it is told to.
class Ear final : public OutlierListener {
 public:
  bool IsListening() const override { return listening; }
  void TakeOutliers(std::vector<BilledCall> outliers, int64_t left_out) override {
    const MutexLock lock(mutex_);
    left_out_ += left_out;
    for (const BilledCall& call : outliers) {
      heard_.push_back(call.call.event_id);
      EXPECT_TRUE(call.is_outlier());
    }
  }
  std::vector<std::string> Take() {
    const MutexLock lock(mutex_);
    return std::exchange(heard_, {});
  }
  int64_t left_out() {
    const MutexLock lock(mutex_);
    return left_out_;
  }

  std::atomic<bool> listening = true;

 private:
  Mutex mutex_;
  std::vector<std::string> heard_ ABSL_GUARDED_BY(mutex_);
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

class NewOutliersTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
    std::vector<Call> usual;
    for (int i = 0; i < 40; ++i) {
      usual.push_back(MakeCall(absl::StrCat("usual", i), "run", "plan", 1'000));
    }
    Store(usual);
    db().ListenToOutliers(&ear_);
  }
  ~NewOutliersTest() override { Close(); }

  Call Dear(const std::string& id) { return MakeCall(id, "run", "plan", 100'000); }

  Ear ear_;
};

TEST_F(NewOutliersTest, AreToldOnceByTheirArrival) {
  Call late = Dear("late");
  late.time_us -= 3 * kMicrosPerDay;
  Store({Dear("a"), MakeCall("usual", "run", "plan", 1'000), late});
  EXPECT_THAT(ear_.Take(), ::testing::UnorderedElementsAre("a", "late"));
  Write({Dear("a")});  // It is a duplicate.
  Store({Dear("b")});
  EXPECT_THAT(ear_.Take(), ElementsAre("b"));
}

TEST_F(NewOutliersTest, AreNotToldAgainWhenTheirPriceChanges) {
  Store({Dear("a")});
  EXPECT_THAT(ear_.Take(), ElementsAre("a"));
  SetRates({MakeRate("claude-sonnet-4-6", 2 * kSonnetIn, kSonnetOut)});
  EXPECT_THAT(ear_.Take(), IsEmpty());
  EXPECT_EQ(Outliers().total, 1);
}

TEST_F(NewOutliersTest, AreToldOnceALaterRatePricesThem) {
  Call unpriced = Dear("later");
  unpriced.model = "house-model";
  Store({unpriced});
  EXPECT_THAT(ear_.Take(), IsEmpty());
  SetRates({MakeRate("house-model", kSonnetIn, kSonnetOut)});
  EXPECT_THAT(ear_.Take(), ElementsAre("later"));
}

TEST_F(NewOutliersTest, AreNotToldWhenTheyAreTakenOut) {
  Store({Dear("a")});
  ear_.Take();
  EXPECT_EQ(Value(db().Retract({{.workflow_id = "run", .event_id = "a"}})), 1);
  EXPECT_THAT(ear_.Take(), IsEmpty());
}

TEST_F(NewOutliersTest, CostNothingWhileNobodyListens) {
  ear_.listening = false;
  Store({Dear("a")});
  ear_.listening = true;
  Store({Dear("b")});
  EXPECT_THAT(ear_.Take(), ElementsAre("b"));
  db().ListenToOutliers(nullptr);
  Store({Dear("c")});
  EXPECT_THAT(ear_.Take(), IsEmpty());
}

TEST_F(NewOutliersTest, AreAsManyAsTheQuestionFindsHoweverTheyCome) {
  std::set<std::string> heard;
  for (int batch = 0; batch < 20; ++batch) {
    std::vector<Call> calls;
    for (int i = 0; i < 20; ++i) {
      Call call = MakeCall(absl::StrCat(batch, "/", i), absl::StrCat("run", i % 3), "plan",
                           1'000 * (1 + (batch * 7 + i * 13) % 12));
      call.time_us -= (batch * 5 + i) * kMicrosPerHour;
      calls.push_back(call);
    }
    Store(calls);
    for (const std::string& id : ear_.Take()) {
      EXPECT_TRUE(heard.insert(id).second) << id;
    }
  }
  const OutliersAnswer asked = Outliers();
  std::set<std::string> found;
  for (const BilledCall& call : asked.calls) {
    found.insert(call.call.event_id);
  }
  EXPECT_FALSE(found.empty());
  EXPECT_EQ(heard, found);
  EXPECT_EQ(ear_.left_out(), 0);
}

}  // namespace
}  // namespace itemized::testing
