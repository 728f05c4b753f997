// SPDX-License-Identifier: Apache-2.0
#pragma once

// Proves that the views are what the log folds to.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/engine/state.h"

namespace itemized {

struct VerifyReport {
  int64_t blocks = 0;       // Of the log; each has a checksum.
  int64_t calls = 0;        // Rows in them, with those that correct others.
  int64_t completions = 0;  // In them.
  int64_t rows = 0;         // Of the views, each compared byte for byte.
  int64_t carried = 0;      // Rows of which the log is no longer kept; not compared.
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
  // memory meanwhile. Rows that contain events of which the log is no longer kept
  // are taken as they are. An error means that something could not be read.
  absl::StatusOr<VerifyReport> Verify() &&;

 private:
  using Rows = std::map<std::string, std::string>;

  // Runs before outcomes: which of these can be compared depends on those.
  static constexpr std::array kFamilies = {Family::kSteps, Family::kWorkflows, Family::kOutcomes};

  absl::StatusOr<bool> Fold(Views* fresh, VerifyReport* report) const;
  absl::Status CompareRows(size_t family, const Views& fresh, Rows* expected, VerifyReport* report);
  absl::StatusOr<bool> IsCarried(Family family, absl::string_view key, absl::string_view value,
                                 const Views& fresh);
  bool IsCarried(Family family, absl::string_view key) const;
  void CarryOutcomesOf(const Run& run);

  const Kv& kv_;
  const Log& log_;
  const Catalog catalog_;  // A copy: names go on being added.
  const BlockSequence up_to_;
  const Hour first_hour_;
  // Rows of outcomes and runs that contain events from before the first hour.
  std::set<std::string> carried_;
  std::array<std::unique_ptr<KvIterator>, kFamilies.size()> stored_;
};

}  // namespace itemized
