// SPDX-License-Identifier: Apache-2.0
// The process that kill_test kills: opens a database and writes numbered batches,
// sets rates and writes checkpoints, telling on standard output what it tries and
// what was acknowledged, one word and number a line.
//
//   crash_writer DIRECTORY FIRST_BATCH FIRST_PRICE [FAILPOINT NTH]

#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/database/database.h"
#include "tests/crash/numbered_batch.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr uint64_t kBatches = 4'000;  // If nobody kills it.
constexpr size_t kInFlight = 6;
constexpr uint64_t kRateEvery = 97;

void Say(const char* what, uint64_t number) {
  const std::string line = absl::StrCat(what, " ", number, "\n");
  CHECK(write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

class Writer {
 public:
  explicit Writer(Database* db) : db_(*db) {}

  void WriteAll(uint64_t first_batch, uint64_t first_price) {
    for (uint64_t i = 0; i < kBatches; ++i) {
      if ((first_batch + i) % kRateEvery == 0) {
        const uint64_t nth = first_price++;
        Say("try-price", nth);
        CHECK_OK(db_.SetRates({MakeRate("claude-sonnet-4-6", PriceOfNumber(nth), 1)}).status());
        Say("price", nth);
      }
      Submit(first_batch + i);
    }
  }

 private:
  void Submit(uint64_t number) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      answered_.wait(lock, [this] { return in_flight_ < kInFlight; });
      ++in_flight_;
    }
    Say("try", number);
    Submission submission;
    submission.parts.push_back(BatchOfNumber(number).Events());
    db_.Submit(std::move(submission), [this, number](absl::StatusOr<SubmissionResult> result) {
      CHECK_OK(result.status());
      Say("ack", number);
      const std::lock_guard<std::mutex> lock(mutex_);
      --in_flight_;
      answered_.notify_one();
    });
  }

  Database& db_;
  std::mutex mutex_;
  std::condition_variable answered_;
  size_t in_flight_ = 0;
};

int Run(int argc, char** argv) {
  CHECK(argc == 4 || argc == 6);
  if (argc == 6) {
    ArmFailpoint(static_cast<Failpoint>(std::atoi(argv[4])),
                 static_cast<uint64_t>(std::atoll(argv[5])));
  }
  ManualClock clock;
  DatabaseOptions options;
  options.directory = argv[1];
  options.clock = &clock;
  options.checkpoint_interval_us = 10'000;
  options.table_rows_min = 100;
  options.resident_runs_max = 100;
  const auto db = Database::Open(options);
  CHECK_OK(db.status());
  Say("open", 0);
  Writer(db->get()).WriteAll(static_cast<uint64_t>(std::atoll(argv[2])),
                             static_cast<uint64_t>(std::atoll(argv[3])));
  return 0;
}

}  // namespace
}  // namespace itemized::testing

int main(int argc, char** argv) {
  return itemized::testing::Run(argc, argv);
}
