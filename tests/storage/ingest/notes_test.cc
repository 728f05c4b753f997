// SPDX-License-Identifier: Apache-2.0
// What a protocol keeps beside calls is stored with them, and dropped with them.

#include <future>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Notes : public DatabaseTest {
 protected:
  absl::Status Submit(std::vector<Note> notes, const std::vector<Call>& calls = {}) {
    Submission submission;
    if (!calls.empty()) {
      submission.parts.push_back(MakeBatch(calls));
    }
    submission.notes = std::move(notes);
    std::promise<absl::Status> done;
    db().Submit(std::move(submission), [&](const absl::StatusOr<SubmissionResult>& result) {
      done.set_value(result.status());
    });
    return done.get_future().get();
  }
  std::vector<Note> Read(const std::string& prefix) { return Value(db().ReadNotes(prefix)); }
};

TEST_F(Notes, AreReadByTheBeginningOfTheirKeysAndReplaced) {
  const Note a{"trace-1a", "one", kNowUs};
  const Note b{"trace-1b", std::string("\0two", 4), kNowUs};
  const Note c{"trace-2", "three", kNowUs};
  ASSERT_TRUE(Submit({a, b, c}, {MakeCall("c-1", "run-1", "planning", 1)}).ok());
  EXPECT_THAT(Read("trace-1"), ElementsAre(a, b));
  EXPECT_THAT(Read(""), ElementsAre(a, b, c));
  const Note again{"trace-1a", "four", kNowUs};
  ASSERT_TRUE(Submit({again}).ok());
  Reopen();
  EXPECT_THAT(Read("trace-1"), ElementsAre(again, b));
  EXPECT_THAT(Read("trace-3"), IsEmpty());
  EXPECT_THAT(Read("\xff"), IsEmpty());
}

TEST_F(Notes, GoWithTheEventsOfTheirHour) {
  DatabaseOptions options = Options();
  options.retain_events_us = 2 * kMicrosPerDay;
  Reopen(options);
  ASSERT_TRUE(Submit({{"old", "1", kNowUs}, {"long", "2", kNowUs + 10 * kMicrosPerDay}},
                     {MakeCall("c-1", "run-1", "planning", 1)})
                  .ok());
  clock().Advance(4 * kMicrosPerDay);
  Call later = MakeCall("c-2", "run-2", "planning", 1);
  later.time_us = clock().NowUs();
  ASSERT_TRUE(Submit({{"new", "3", later.time_us}}, {later}).ok());
  for (int i = 0; i < 2'000 && Read("old").size() == 1; ++i) {
    ASSERT_TRUE(Submit({{"turn", "4", later.time_us}}).ok());  // Each lets retention go on.
  }
  EXPECT_THAT(Read("old"), IsEmpty());
  EXPECT_EQ(Read("long").size(), 1U);
  EXPECT_EQ(Read("new").size(), 1U);
}

}  // namespace
}  // namespace itemized::testing
