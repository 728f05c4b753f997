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
#include "tests/storage/log/faulty_log.h"
#include "tests/storage/log/recorded_log.h"

namespace itemized::testing {

class OracleRun {
 public:
  // `faulty_log` makes some appends to the log fail; what was to be written is then sent again.
  explicit OracleRun(uint64_t seed, bool faulty_log = false);

  // Does the next operation. Failures are reported to GoogleTest.
  void Step();
  // Asks every question.
  void CompareEverything();
  void Reopen();
  // Makes a second store from the entries of the log alone and compares all of its bytes.
  void CompareRebuilt();

 private:
  void Write();
  void Revise(std::vector<Call>* calls);
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
  void CompareWasted();
  void CompareComparison();
  StepChange RandomChange();
  void CompareWhatIf(const Window& window);
  void CompareThresholds();
  void CompareStock();
  LogFault NextFault(const Entry& entry);
  // Whether `status` tells of a fault of the log; `*is_in_log` says what became of the entry.
  bool IsLogFault(const absl::Status& status, bool* is_in_log);
  void WaitUntilRepriced();

  RandomEvents events_;
  Random& random_ = events_.random();
  TemporaryDirectory directory_;
  ManualClock clock_;
  DatabaseOptions options_;
  Recording recording_;
  Random fault_random_;
  const bool faulty_log_;
  bool may_fail_ = false;  // No fault comes before everything is set up.
  // Whether rates are being changed. Only the entry with the rates may then fail: what calls are
  // judged by when they are priced again depends on how many of them are in one entry.
  bool sets_rates_ = false;
  bool appended_unknown_ =
      false;  // An append since the last IsLogFault was unknown and in the log.
  const LogFaults faults_{
      .next = [this](const Entry& entry) { return NextFault(entry); },
      .failed_resolves = [this] { return static_cast<int>(fault_random_.Between(0, 2)); }};
  NaiveModel model_;
  std::unique_ptr<Database> db_;
  int64_t longest_wait_us_;
  std::vector<Call> delivered_;          // Calls to deliver again or to retract.
  std::vector<Completion> completions_;  // Completions to deliver again.
};

}  // namespace itemized::testing
