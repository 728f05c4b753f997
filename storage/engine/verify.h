#pragma once

// Proves that the views are what the log folds to.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/engine/state.h"

namespace itemized {

struct VerifyReport {
  int64_t blocks = 0;       // Of the log; each has a checksum.
  int64_t calls = 0;        // Rows in them, with those that correct others.
  int64_t completions = 0;  // In them.
  int64_t rows = 0;         // Of the views, each compared byte for byte.
  int64_t differences = 0;  // Damaged blocks and files, rows that are not what they should be.
  std::vector<std::string> examples;  // A sentence for each of the first twenty.

  void Add(std::string difference);
};

// The views as they were on disk at one moment. Made by the committer, after a
// checkpoint; used by any thread, while the database goes on.
class VerifySnapshot {
 public:
  // `state` outlives the snapshot.
  explicit VerifySnapshot(const State& state);

  // Folds the whole log up to that moment again and compares. It keeps all runs in
  // memory meanwhile. An error means that something could not be read.
  absl::StatusOr<VerifyReport> Verify() &&;

 private:
  static constexpr std::array kFamilies = {Family::kSteps, Family::kWorkflows, Family::kOutcomes};

  absl::StatusOr<bool> Fold(Views* fresh, VerifyReport* report) const;

  const Kv& kv_;
  const Log& log_;
  const Catalog catalog_;  // A copy: names go on being added.
  const BlockSequence up_to_;
  std::array<std::unique_ptr<KvIterator>, kFamilies.size()> stored_;
};

}  // namespace itemized
