// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/numbered_batch.h"

#include "absl/strings/str_cat.h"

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr uint64_t kLargeEvery = 23;
constexpr uint64_t kLargeRuns = 100;

}  // namespace

NumberedBatch BatchOfNumber(uint64_t number) {
  NumberedBatch batch;
  batch.number = number;
  batch.tokens = static_cast<int64_t>(1 + number * 7919 % 10'007);
  const uint64_t runs = number % kLargeEvery == 5 ? kLargeRuns : 1 + number % 4;
  for (uint64_t run = 0; run < runs; ++run) {
    batch.runs.push_back(absl::StrCat("run-", number, "-", run));
  }
  return batch;
}

EventBatch NumberedBatch::Events() const {
  std::vector<Call> calls;
  std::vector<Completion> completions;
  const int64_t time_us = kNowUs - static_cast<int64_t>(number % 50) * kMicrosPerHour;
  for (const std::string& run : runs) {
    calls.push_back(MakeCall("c", run, absl::StrCat("step-", number % 3), tokens));
    calls.back().time_us = time_us;
    completions.push_back(MakeCompletion(run, Outcome::kCompleted, time_us));
  }
  return MakeBatch(calls, std::move(completions));
}

int64_t PriceOfNumber(uint64_t nth) {
  return static_cast<int64_t>(1 + nth * 104'729 % 1'000'003);
}

}  // namespace itemized::testing
