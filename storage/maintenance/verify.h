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

#include "storage/maintenance/reports.h"
#include "storage/store/state.h"

namespace itemized {

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
  static constexpr std::array kFamilies = {Family::kRollups, Family::kRuns, Family::kOutcomes};

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
