// SPDX-License-Identifier: Apache-2.0
#pragma once

// Does random operations to a database and to the naive model, and compares
// everything that can be asked.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/database/database.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/naive_model.h"
#include "tests/storage/database/random_events.h"

namespace itemized::testing {

class OracleRun {
 public:
  explicit OracleRun(uint64_t seed);

  // Does the next operation. Failures are reported to GoogleTest.
  void Step();
  // Asks every question.
  void CompareEverything();
  void Reopen();

 private:
  void Write();
  void WriteCompletions();
  void SetRates();
  void RemoveRates();
  void Retract();
  void Checkpoint();
  void Verify();
  void Ask();
  void Wait();  // Lets the clock move on.

  void WriteToBoth(const std::vector<Call>& calls, const std::vector<Completion>& completions,
                   const std::set<size_t>& malformed = {});
  Window RandomWindow(int64_t longest_us);
  int64_t RandomInstant();
  CallFilter RandomFilter();
  void CompareTop(const TopQuery& query);
  void CompareWorkflows(const Window& window);
  void CompareRun(const std::string& workflow_id);
  void CompareSeries();
  void CompareOutliers(const OutliersQuery& query);
  void CompareDistributions(const Window& window);
  void CompareThresholds();
  void CompareStock();

  RandomEvents events_;
  Random& random_ = events_.random();
  TemporaryDirectory directory_;
  ManualClock clock_;
  DatabaseOptions options_;
  NaiveModel model_;
  std::unique_ptr<Database> db_;
  int64_t longest_wait_us_;
  std::vector<Call> delivered_;          // For re-deliveries and retractions.
  std::vector<Completion> completions_;  // For re-deliveries.
};

}  // namespace itemized::testing
