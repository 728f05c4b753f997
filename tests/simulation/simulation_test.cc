// SPDX-License-Identifier: Apache-2.0
// Exactly once, whatever fails, from end to end: the client's delivery and spool, the
// wire, the server's producers, its log and its views. ITEMIZED_SIMULATION_SEED=N runs
// one seed again.

#include "tests/simulation/simulation.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeedsPerTest = 6;

class Simulations : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Simulations, BillEveryCallOnce) {
  SimulationReport sum;
  for (uint64_t i = 0; i < kSeedsPerTest && !HasFailure(); ++i) {
    const uint64_t seed = GetParam() * kSeedsPerTest + i;
    const SimulationReport report = Simulate({.seed = seed});
    EXPECT_EQ(report.problem, "") << "ITEMIZED_SIMULATION_SEED=" << seed << " shows it again";
    sum.breaks += report.breaks;
    sum.client_crashes += report.client_crashes;
    sum.server_crashes += report.server_crashes;
    sum.restores += report.restores;
    sum.full_disks += report.full_disks;
    sum.log_faults += report.log_faults;
    sum.lost_batches += report.lost_batches;
  }
  EXPECT_GT(sum.breaks, 0);
  EXPECT_GT(sum.client_crashes, 0);
  EXPECT_GT(sum.server_crashes, 0);
  EXPECT_GT(sum.restores, 0);
  EXPECT_GT(sum.full_disks, 0);
  EXPECT_GT(sum.log_faults, 0);
  EXPECT_GT(sum.lost_batches, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Simulations, ::testing::Range<uint64_t>(0, 10));

TEST(Simulation, OfOneSeedIsTheSameEachTime) {
  for (uint64_t seed = 0; seed < 3; ++seed) {
    EXPECT_EQ(Simulate({.seed = seed}).history, Simulate({.seed = seed}).history) << seed;
  }
  EXPECT_NE(Simulate({.seed = 0}).history, Simulate({.seed = 1}).history);
}

TEST(Simulation, FindsAServerThatForgetsWhereABatchStands) {
  const SimulationReport first = Simulate({.seed = 1, .forget_once_in = 20});
  EXPECT_THAT(first.problem, HasSubstr("are on the bill"));
  const SimulationReport again = Simulate({.seed = 1, .forget_once_in = 20});
  EXPECT_EQ(again.problem, first.problem);
  EXPECT_EQ(again.history, first.history);
}

TEST(Simulation, RunsTheSeedThatWasAskedFor) {
  const char* const text = std::getenv("ITEMIZED_SIMULATION_SEED");
  if (text == nullptr) {
    GTEST_SKIP() << "no seed was asked for";
  }
  uint64_t seed = 0;
  ASSERT_TRUE(absl::SimpleAtoi(text, &seed)) << text;
  EXPECT_EQ(Simulate({.seed = seed}).problem, "");
}

}  // namespace
}  // namespace itemized::testing
