// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random but plausible traffic: the same seed gives the same events everywhere.

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/model/call.h"
#include "storage/pricing/rate.h"

namespace itemized::testing {

// Random numbers that are the same everywhere, which those of std::uniform_int_distribution are
// not.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  int64_t Between(int64_t low, int64_t high);  // Both ends are inclusive.
  bool Percent(int64_t percent) { return Between(1, 100) <= percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& values) {
    return values[static_cast<size_t>(Between(0, static_cast<int64_t>(values.size()) - 1))];
  }
  // Returns a number from 1 to `high`; each magnitude is as likely as any other.
  int64_t LogUniform(int64_t high);

 private:
  std::mt19937_64 engine_;
};

class RandomEvents {
 public:
  explicit RandomEvents(uint64_t seed) : random_(seed) {}

  Random& random() { return random_; }

  // Makes a valid call: most are of the last minutes, some late, some slightly ahead.
  Call NextCall(int64_t now_us);
  // Makes a call with one fault; the kinds of refusal come in turn.
  Call NextBadCall(int64_t now_us);
  Completion NextCompletion(int64_t now_us);
  Completion NextBadCompletion(int64_t now_us);
  std::vector<Rate> NextRates(int64_t now_us);
  // Makes the bundled rates of a later release: most of the ones before, and some new ones.
  std::vector<Rate> NextBundledRates(int64_t now_us);

  // The rate that makes a call of kCostlyModel too expensive to store.
  static Rate CostlyRate();

  static const std::vector<std::string>& Steps();

  // Makes some step cost much more, or again what it used to.
  void ShiftALevel();

 private:
  int64_t NextTime(int64_t now_us);
  std::string NextWorkflowId();
  Usage NextUsage(size_t step);
  Prices NextPrices(bool complete);
  Rate NextRate(int64_t now_us);
  void AddConditions(Rate* rate);

  Random random_;
  int64_t next_event_ = 0;
  int64_t next_run_ = 0;
  size_t next_fault_ = 0;
  std::vector<Rate> bundled_;  // All that were ever made.
  std::vector<int64_t> levels_ = {1, 1, 1, 1, 1, 1};
  std::vector<int64_t> recent_times_us_;  // Times of calls, so that rates can start at one.
};

}  // namespace itemized::testing
