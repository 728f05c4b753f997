// SPDX-License-Identifier: Apache-2.0
#include "storage/query/partial_hours.h"

#include <memory>

#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "storage/query/snapshot.h"
#include "storage/store/state.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

// A window of 30 days that ends now asks for its first and its last hour in turn, and other
// questions for any in between.
TEST(PartialHours, KeepTheHoursThatAreAskedForAgainWhicheverComeBetween) {
  const TemporaryDirectory directory;
  const std::unique_ptr<State> state =
      Value(State::Open(Value(OpenRocksKv(directory.path())), {.directory = directory.path()}));
  const Snapshot snapshot(*state);
  PartialHours partial_hours;
  const Hour first(1'000);
  const Hour last(9'000);
  const auto runs_of_first = Value(partial_hours.Runs(snapshot, first, nullptr));
  const auto runs_of_last = Value(partial_hours.Runs(snapshot, last, nullptr));
  for (Hour between(2'000); between < Hour(2'020); ++between) {
    EXPECT_NE(Value(partial_hours.Runs(snapshot, between, nullptr)), runs_of_first);
    EXPECT_EQ(Value(partial_hours.Runs(snapshot, first, nullptr)), runs_of_first)
        << between.value();
    EXPECT_EQ(Value(partial_hours.Runs(snapshot, last, nullptr)), runs_of_last) << between.value();
  }
}

}  // namespace
}  // namespace itemized::testing
