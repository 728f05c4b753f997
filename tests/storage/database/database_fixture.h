// SPDX-License-Identifier: Apache-2.0
#pragma once

// A database in a directory of its own, a clock that stands still until told,
// and short ways to say what is written and asked.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <gtest/gtest.h>

#include "storage/base/time.h"
#include "storage/database/database.h"
#include "storage/model/call.h"
#include "storage/model/event_batch.h"
#include "storage/pricing/rate.h"

namespace itemized::testing {

inline constexpr int64_t kNowUs = 1'793'491'200 * kMicrosPerSecond;  // 2026-11-01 00:00 UTC.
inline constexpr int64_t kMinuteUs = 60 * kMicrosPerSecond;

// Sonnet's rates in pico-dollars per token: $3 in, $15 out per million.
inline constexpr int64_t kSonnetIn = 3'000'000;
inline constexpr int64_t kSonnetOut = 15'000'000;

// Makes a filter that lets through the calls of one step.
CallFilter OfStep(const std::string& step);

// Thread-safe.
class ManualClock : public Clock {
 public:
  int64_t NowUs() const override { return steady_us_ + wrong_by_us_; }
  int64_t SteadyUs() const { return steady_us_; }
  void Set(int64_t now_us) { steady_us_ = now_us - wrong_by_us_; }
  void Advance(int64_t by_us) { steady_us_ += by_us; }
  // Sets the clock without time going by.
  void Jump(int64_t by_us) { wrong_by_us_ += by_us; }

 private:
  std::atomic<int64_t> steady_us_{kNowUs};
  std::atomic<int64_t> wrong_by_us_{0};
};

// A new empty directory, removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The value, or a failed test that ends here.
template <typename T>
T Value(absl::StatusOr<T> result) {
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return std::move(result).value();
}

// A call of claude-sonnet-4-6 at kNowUs.
Call MakeCall(const std::string& event_id, const std::string& workflow_id, const std::string& step,
              int64_t input_tokens, int64_t output_tokens = 0);

Completion MakeCompletion(const std::string& workflow_id, Outcome outcome, int64_t time_us,
                          std::vector<std::string> unused_steps = {});

// A rate for `model` of any provider with prices of input and output.
Rate MakeRate(const std::string& model, int64_t input_picos, int64_t output_picos,
              int64_t effective_from_us = 0);

void SetPrice(Prices* prices, UsageClass usage_class, int64_t picos);

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override;
  // Whatever a test did, the rows add up and the views are a fold of the log.
  void TearDown() override;

  Database& db() { return *db_; }
  ManualClock& clock() { return clock_; }
  const std::string& directory() const { return directory_.path(); }
  DatabaseOptions Options() const;
  void Reopen() { Reopen(Options()); }
  void Reopen(const DatabaseOptions& options);
  void Close() { db_.reset(); }

  BatchResult Write(const std::vector<Call>& calls, std::vector<Completion> completions = {});
  // Writes and expects all to be accepted.
  void Store(const std::vector<Call>& calls, std::vector<Completion> completions = {});
  void SetRates(const std::vector<Rate>& rates);
  void SetSonnetRate() { SetRates({MakeRate("claude-sonnet-4-6", kSonnetIn, kSonnetOut)}); }

  TopAnswer Top(GroupBy by = GroupBy::kStep);
  TopRow TopOf(const std::string& key, GroupBy by = GroupBy::kStep);
  WorkflowRow WorkflowOf(const std::string& workflow);
  OutliersAnswer Outliers();
  Picos TotalCost() { return Top().total.cost; }

  // Every instant a call can have while the clock reads kNowUs plus some months.
  static Window Always() { return Window::Of({0, kNowUs + 400 * kMicrosPerDay}); }

 private:
  TemporaryDirectory directory_;
  ManualClock clock_;
  std::unique_ptr<Database> db_;
};

// Expects the rows of the ranking to add up to its total.
void ExpectRowsAddUp(const TopAnswer& top);

// Expects the rows of every ranking of `window` to add up to its total.
void ExpectRowsAddUp(const Database& db, const Window& window);

}  // namespace itemized::testing
