// SPDX-License-Identifier: Apache-2.0
// What is told of batches of which much is refused.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/model/limits.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class ManyRefusals : public DatabaseTest {
 protected:
  static Call Good(const std::string& id) { return MakeCall(id, "run", "planning", 1, 1); }
};

// Whatever a sender sends, the answer is not larger: the first of both kinds are told.
TEST_F(ManyRefusals, TheFirstOfManyAreToldAndTheOthersCounted) {
  std::vector<Call> calls;
  std::vector<Completion> completions;
  for (size_t i = 0; i < 400; ++i) {
    calls.push_back(Good("c" + std::to_string(i)));
    calls.back().step = i % 2 == 0 ? "planning" : "";
    completions.push_back(MakeCompletion("run", Outcome::kCompleted, kNowUs));
    completions.back().workflow_id = i < 100 ? "run" : "";
  }
  const BatchResult result = Write(calls, completions);
  EXPECT_EQ(result.accepted + result.duplicate, 200 + 100);
  EXPECT_EQ(result.refused(), 200 + 300);
  ASSERT_EQ(result.refusals.size(), 2 * kRefusalsToldMax);
  for (uint32_t i = 0; i < kRefusalsToldMax; ++i) {
    EXPECT_EQ(result.refusals[i].index, 2 * i + 1);
    EXPECT_EQ(result.refusals[kRefusalsToldMax + i].index, 400 + 100 + i);
  }
}

// Conflicts are found last, some of them once the others are known.
TEST_F(ManyRefusals, ConflictsBeyondTheFirstAreCountedAsConflicts) {
  std::vector<Call> calls;
  for (size_t i = 0; i < 300; ++i) {
    calls.push_back(Good("c" + std::to_string(i)));
  }
  EXPECT_EQ(Write(calls).accepted, 300);
  for (Call& call : calls) {
    call.duration_us += 1;
  }
  calls[7].step = "";
  Reopen();
  const IngestCounters before = db().Info().ingested;
  const BatchResult result = Write(calls);
  EXPECT_EQ(result.refused(), 300);
  EXPECT_EQ(result.conflicts_omitted, 200);
  ASSERT_EQ(result.refusals.size(), kRefusalsToldMax);
  for (uint32_t i = 0; i < kRefusalsToldMax; ++i) {
    EXPECT_EQ(result.refusals[i].index, i);
  }
  EXPECT_EQ(result.refusals[7].code, RefusalCode::kMissingField);
  EXPECT_EQ(db().Info().ingested.refused - before.refused, 300);
  EXPECT_EQ(db().Info().ingested.conflicts - before.conflicts, 299);
}

}  // namespace
}  // namespace itemized::testing
