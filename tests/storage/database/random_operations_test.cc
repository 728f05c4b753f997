// SPDX-License-Identifier: Apache-2.0
// The engine against the naive model, operation by operation, to the last
// digit. ITEMIZED_ORACLE_SEED and ITEMIZED_ORACLE_OPERATIONS set other seeds
// and longer runs.

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "tests/storage/database/oracle_run.h"

namespace itemized::testing {
namespace {

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 10);
}

void RunOperations(uint64_t seed, bool faulty_log) {
  const int64_t operations = FromEnvironment("ITEMIZED_ORACLE_OPERATIONS", 1'800);
  OracleRun run(seed, faulty_log);
  for (int64_t i = 1; i <= operations; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(i));
    run.Step();
    if (i % 450 == 0) {
      run.CompareEverything();
    }
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
  SCOPED_TRACE("seed " + std::to_string(seed) + ", after reopening");
  run.Reopen();
  run.CompareEverything();
  run.CompareRebuilt();
}

class RandomOperations : public ::testing::TestWithParam<int> {};

TEST_P(RandomOperations, GiveWhatTheNaiveModelGives) {
  const int64_t first_seed = FromEnvironment("ITEMIZED_ORACLE_SEED", 1);
  RunOperations(static_cast<uint64_t>(first_seed + GetParam()), /*faulty_log=*/false);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperations, ::testing::Range(0, 6));

class RandomOperationsOnAFaultyLog : public ::testing::TestWithParam<int> {};

TEST_P(RandomOperationsOnAFaultyLog, GiveWhatTheNaiveModelGives) {
  const int64_t first_seed = FromEnvironment("ITEMIZED_ORACLE_SEED", 101);
  RunOperations(static_cast<uint64_t>(first_seed + GetParam()), /*faulty_log=*/true);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperationsOnAFaultyLog, ::testing::Range(0, 3));

// Seeds that found something. 3: a commit of repriced calls had an hour more than it may have, so
// that another median judged the next ones.
TEST(RandomOperationsThatOnceFailed, GiveWhatTheNaiveModelGives) {
  RunOperations(3, /*faulty_log=*/true);
}

}  // namespace
}  // namespace itemized::testing
