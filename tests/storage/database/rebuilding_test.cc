// SPDX-License-Identifier: Apache-2.0
// The log says everything: a store that is made from its entries alone has the same bytes.

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/store/producers.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/rebuilt_store.h"
#include "tests/storage/log/recorded_log.h"

namespace itemized::testing {
namespace {

using ::testing::IsEmpty;

class Rebuilding : public DatabaseTest {
 protected:
  // The store is recorded from its first entry on.
  void SetUp() override { Start(Options()); }
  // What was dropped can no longer be asked for.
  void TearDown() override { EXPECT_TRUE(db().VerifyViews().ok()); }
  ~Rebuilding() override { Close(); }

  void Start(DatabaseOptions options) {
    Close();
    options.wrap_log = [this](std::unique_ptr<CommitLog> log) {
      return std::make_unique<RecordedLog>(std::move(log), &recording_);
    };
    Reopen(options);
  }

  void ExpectSameStore() {
    Close();
    EXPECT_THAT(DifferencesOfRebuiltStore(recording_, directory()), IsEmpty());
    Start(Options());
  }

  DatabaseOptions Keeping(int days) const {
    DatabaseOptions options = Options();
    options.retain_events_us = days * kMicrosPerDay;
    return options;
  }

  void AwaitDropped(int days) {
    while (db().Info().events_kept_from_us != kNowUs - days * kMicrosPerDay ||
           db().Info().is_dropping) {
      ASSERT_TRUE(db().Checkpoint().ok());
    }
  }

  static Call At(Call call, int64_t time_us) {
    call.time_us = time_us;
    return call;
  }

  // Two calls a day, by steps, runs and models of which some are new each day.
  void StoreDays(int days) {
    const std::string again = std::to_string(++stored_);
    for (int day = days; day >= 0; --day) {
      const std::string run = "run-" + std::to_string(day) + "-" + again;
      const int64_t time_us = kNowUs - day * kMicrosPerDay - kMinuteUs;
      Call answer = At(MakeCall("b", run, "answer", 50 + day), time_us);
      answer.model = "model-" + std::to_string(day % 3);
      Store({At(MakeCall("a", run, "step-" + std::to_string(day % 4), 100 + day), time_us), answer,
             At(MakeCall("day-" + std::to_string(day) + "-" + again, "long", "planning", 7),
                time_us)},
            {MakeCompletion(run, Outcome::kCompleted, time_us, {"answer"})});
    }
  }

  absl::StatusOr<ProducerSession> Begin(const ProducerId& id, uint64_t epoch) {
    std::promise<absl::StatusOr<ProducerSession>> begun;
    db().BeginSession({.id = id, .epoch = epoch},
                      [&](auto session) { begun.set_value(std::move(session)); });
    return begun.get_future().get();
  }

  void Submit(const ProducerId& id, const ProducerSession& session, uint64_t sequence) {
    Submission submission;
    submission.parts.push_back(
        MakeBatch({MakeCall("", "run of a producer", "step", static_cast<int64_t>(sequence))}, {}));
    submission.position = BatchPosition{.producer = id,
                                        .session = session.session,
                                        .sequence = sequence,
                                        .content = 1'000 + sequence};
    std::promise<absl::StatusOr<SubmissionResult>> done;
    db().Submit(std::move(submission), [&](auto result) { done.set_value(std::move(result)); });
    EXPECT_TRUE(done.get_future().get().ok());
  }

  Recording recording_;
  int stored_ = 0;  // Calls of StoreDays.
};

TEST_F(Rebuilding, GivesTheSameCallsRunsNamesAndRates) {
  SetSonnetRate();
  StoreDays(5);
  SetRates({MakeRate("model-1", 1, 2), MakeRate("model-2", 3, 4)});
  ASSERT_TRUE(db().RemoveRates({{"", ModelMatch::Equals("model-1"), 0}}).ok());
  EXPECT_EQ(Value(db().Retract({{"run-2-1", "a"}, {"long", "day-3-1"}})), 2);
  ExpectSameStore();
}

TEST_F(Rebuilding, GivesTheSameStoreAfterEachOfSeveralLives) {
  SetSonnetRate();
  for (int life = 0; life < 3; ++life) {
    StoreDays(2 + life);
    ExpectSameStore();
  }
}

TEST_F(Rebuilding, GivesTheSameProducers) {
  const ProducerId first{1};
  const ProducerId second{2};
  ProducerSession session = Value(Begin(first, 1));
  for (uint64_t sequence = 1; sequence <= kProducerContentsMax + 5; ++sequence) {
    Submit(first, session, sequence);
  }
  session = Value(Begin(first, 2));
  Submit(first, session, 1);
  session = Value(Begin(second, 7));
  Submit(second, session, 1);
  clock().Advance(2 * kMicrosPerDay);  // It is seen again, which its row says.
  session = Value(Begin(second, 7));
  Submit(first, Value(Begin(first, 2)), 2);
  ExpectSameStore();
}

TEST_F(Rebuilding, GivesTheSameProducersWhereSomeWereForgotten) {
  const ProducerId gone{1};
  const ProducerId back{2};
  for (const ProducerId& id : {gone, back}) {
    const ProducerSession session = Value(Begin(id, 1));
    Submit(id, session, 1);
    Submit(id, session, 2);
  }
  clock().Advance(kProducerIdleMaxUs + kMicrosPerDay);
  DatabaseOptions options = Options();
  options.accept_clock = true;
  Start(options);
  Submit(back, Value(Begin(back, 1)), 1);  // Nothing is known of it any more.
  ExpectSameStore();
}

TEST_F(Rebuilding, GivesTheSameStoreOfWhichEventsAreTooOldForTheOtherOne) {
  SetSonnetRate();
  StoreDays(12);
  Start(Keeping(5));
  AwaitDropped(5);
  Store({At(MakeCall("late", "long", "planning", 9), kNowUs - 3 * kMicrosPerDay),
         At(MakeCall("new", "run-9-1", "planning", 9), kNowUs - 3 * kMicrosPerDay)},
        {MakeCompletion("long", Outcome::kCompleted, kNowUs, {"planning"})});
  ExpectSameStore();
}

TEST_F(Rebuilding, GivesTheSameStoreOfWhichRollupsAreTooOldAsWell) {
  SetSonnetRate();
  StoreDays(50);
  DatabaseOptions options = Keeping(5);
  options.retain_rollups_us = 31 * kMicrosPerDay;
  Start(options);
  while (db().Info().rollups_kept_from_us == 0) {
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  AwaitDropped(5);
  StoreDays(3);
  ExpectSameStore();
}

}  // namespace
}  // namespace itemized::testing
