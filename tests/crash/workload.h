// SPDX-License-Identifier: Apache-2.0
#pragma once

// A random but reproducible workload, and the books that its sender keeps: what was acknowledged
// must be there once, what failed must be there wholly or not at all.

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "storage/database/database.h"
#include "storage/model/submission.h"

namespace itemized::testing {

class CrashWorkload {
 public:
  explicit CrashWorkload(uint64_t seed) : random_(seed) {}

  // Writes batches (several at a time), sends some again, retracts, sets rates,
  // writes checkpoints; goes on after errors, which are told apart only by
  // whether the operation was acknowledged. Fails the test for statuses that no
  // sender should see.
  void Run(Database& db, int steps);

  // Compares the database with the books, to the unit, and then takes what it
  // holds for acknowledged.
  void Check(Database& db);

  size_t acknowledged() const;

 private:
  struct Batch {
    std::vector<int64_t> tokens;  // The tokens of each call.
    int64_t time_us = 0;
    bool acknowledged = false;
    bool first_is_retracted = false;      // A retraction of its first call was acknowledged.
    bool first_may_be_retracted = false;  // One was tried.
  };

  uint64_t Below(uint64_t end) { return random_() % end; }
  void WriteSome(Database& db);
  void SendAgain(Database& db);
  void Retract(Database& db);
  void SetRate(Database& db);
  Submission SubmissionOf(size_t index) const;
  Picos CheckBatch(Database& db, size_t index, int64_t* calls);
  void CheckPrice(int64_t cost, int64_t tokens);

  std::mt19937_64 random_;
  std::vector<Batch> batches_;
  std::set<int64_t>
      prices_;  // Pico-dollars per token, one of which holds; if there is none, calls are unpriced.
  bool may_be_unpriced_ = true;
};

}  // namespace itemized::testing
