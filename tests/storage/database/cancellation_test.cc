// SPDX-License-Identifier: Apache-2.0
#include "storage/base/cancellation.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/long_log_fixture.h"

namespace itemized::testing {
namespace {

constexpr int kHours = 100;

// A question that reads the log, by name.
struct Question {
  std::string name;
  std::function<absl::Status(const Database&, const Cancellation*)> ask;
};

std::vector<Question> AnalysesOf(const Window& window) {
  return {
      {"a comparison of two values of an attribute",
       [=](const Database& db, const Cancellation* cancellation) {
         return db
             .Compare({.before = {.window = window,
                                  .filter = {.names = {}, .attributes = {{"release", "1"}}}},
                       .after = {.window = window,
                                 .filter = {.names = {}, .attributes = {{"release", "2"}}}}},
                      cancellation)
             .status();
       }},
      {"what was wasted",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Wasted({.window = window}, cancellation).status();
       }},
      {"what changes would have saved",
       [=](const Database& db, const Cancellation* cancellation) {
         WhatIfQuery query{.window = window};
         query.changes.push_back({.step = "planning", .what = InputCap{.tokens = 1}});
         query.changes.push_back({.step = "planning", .what = Gate()});
         return db.WhatIf(query, cancellation).status();
       }},
      {"advice",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Advise({.window = window}, cancellation).status();
       }},
  };
}

std::vector<Question> QuestionsOf(const Window& window) {
  SeriesQuery series;
  series.window = window;
  series.by = GroupBy::kAttribute;
  series.attribute_key = "tenant";
  TopQuery filtered;
  filtered.window = window;
  filtered.filter.attributes.emplace_back("tenant", "acme");
  return {
      {"a ranking by attribute",
       [=](const Database& db, const Cancellation* cancellation) {
         TopQuery query;
         query.window = window;
         query.by = GroupBy::kAttribute;
         query.attribute_key = "tenant";
         return db.Top(query, cancellation).status();
       }},
      {"a filtered ranking",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Top(filtered, cancellation).status();
       }},
      {"a ranking whose window cuts a day",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Top({.window = window, .by = GroupBy::kStep}, cancellation).status();
       }},
      {"a series by attribute",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Series(series, cancellation).status();
       }},
      {"outliers",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Outliers({.window = window}, cancellation).status();
       }},
      {"a distribution whose window cuts a day",
       [=](const Database& db, const Cancellation* cancellation) {
         return db
             .Distribution({.window = window, .of = NameKind::kStep, .name = "planning"},
                           cancellation)
             .status();
       }},
      {"a comparison of two values of an attribute",
       [=](const Database& db, const Cancellation* cancellation) {
         return db
             .Compare({.before = {.window = window,
                                  .filter = {.names = {}, .attributes = {{"release", "1"}}}},
                       .after = {.window = window,
                                 .filter = {.names = {}, .attributes = {{"release", "2"}}}}},
                      cancellation)
             .status();
       }},
      {"what was wasted",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Wasted({.window = window}, cancellation).status();
       }},
      {"a run",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.GetRun("run-long", cancellation).status();
       }},
      {"a call that is looked for in all runs",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.Explain({.event_id = "nobody's"}, cancellation).status();
       }},
      {"missing rates",
       [=](const Database& db, const Cancellation* cancellation) {
         return db.MissingRates(window, cancellation).status();
       }},
  };
}

class CancellationTest : public LongLogTest {
 protected:
  CancellationTest() : LongLogTest(kHours) {}

  static std::vector<Question> AllQuestions() {
    std::vector<Question> questions = QuestionsOf(Cut());
    for (Question& analysis : AnalysesOf(Cut())) {
      questions.push_back(std::move(analysis));
    }
    return questions;
  }

  // Begins within a day, so that a partial day is read.
  static Window Cut() {
    return Window::Of({kNowUs - kHours * kMicrosPerHour, kNowUs - 2 * kMicrosPerHour});
  }
};

TEST_F(CancellationTest, EveryQuestionThatIsCancelledWhileItReadsTheLogEndsSoon) {
  for (const Question& question : AllQuestions()) {
    Cancellation cancellation;
    std::atomic<int> read = 0;
    tap_.read = [&] {
      if (++read == 2) {
        cancellation.Cancel();
      }
    };
    const absl::Status status = question.ask(db(), &cancellation);
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << question.name << ": " << status;
    EXPECT_LT(read, 8) << question.name << " went on reading";
  }
}

TEST_F(CancellationTest, EveryQuestionWhoseDeadlineHasPassedEndsWithASentence) {
  const Cancellation cancellation(std::chrono::steady_clock::now());
  for (const Question& question : AllQuestions()) {
    const absl::Status status = question.ask(db(), &cancellation);
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << question.name;
    EXPECT_NE(status.message().find("shorter window"), absl::string_view::npos) << status;
  }
  EXPECT_TRUE(absl::IsDeadlineExceeded(db().Workflows(Cut(), &cancellation).status()));
}

// The window that is kept ready is built by whoever asks first, who may not wait for it.
TEST_F(CancellationTest, ACancelledQuestionLeavesAnswersForOthersAsTheyWere) {
  const TopQuery last_day{.window = Window::Last(30 * kMicrosPerHour), .by = GroupBy::kStep};
  clock().Set(kNowUs + kMinuteUs);
  const TopAnswer before = Value(db().Top(last_day));
  Cancellation cancelled;
  cancelled.Cancel();
  for (int64_t hours = 0; hours < 5; ++hours) {
    clock().Advance(2 * kMicrosPerHour);
    EXPECT_TRUE(absl::IsCancelled(db().Top(last_day, &cancelled).status()));
    const Window same = Window::Of({clock().NowUs() - 30 * kMicrosPerHour, clock().NowUs()});
    EXPECT_EQ(Value(db().Top(last_day)).total.cost,
              Value(db().Top({.window = same, .by = GroupBy::kStep})).total.cost);
  }
  EXPECT_LT(Value(db().Top(last_day)).total.cost, before.total.cost);
}

}  // namespace
}  // namespace itemized::testing
