// SPDX-License-Identifier: Apache-2.0
#pragma once

// Proves that the store is what its log says: makes a second one from nothing but the entries
// and compares them row by row.

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
#include "storage/store/log_replay.h"
#include "storage/store/state.h"

namespace itemized {

// The rows on disk as they were at one moment. The committer makes one after a checkpoint; any
// thread may use it while the database goes on.
class VerifySnapshot {
 public:
  // `state` outlives the snapshot.
  explicit VerifySnapshot(const State& state);

  // Applies the whole log up to that moment again and compares the rows. All runs are in memory
  // meanwhile. Rows that contain what the log no longer has are not compared. What is wrong is in
  // the report; an error means that something could not be read.
  absl::StatusOr<VerifyReport> Verify() &&;

 private:
  using Rows = std::map<std::string, std::string>;

  // Runs stand before outcomes, since which outcomes can be compared depends on the runs.
  static constexpr std::array kFamilies = {Family::kMeta, Family::kRollups, Family::kRuns,
                                           Family::kOutcomes, Family::kNotes};

  absl::StatusOr<bool> ApplyLog(State* fresh, VerifyReport* report) const;
  absl::Status CompareRows(size_t family, const Views& fresh, Rows* expected, VerifyReport* report);
  absl::Status Compare(State* fresh, VerifyReport* report);
  bool IsOfEarlierEntries(absl::string_view key) const;
  absl::StatusOr<bool> IsCarried(Family family, absl::string_view key, absl::string_view value,
                                 const Views& fresh);
  bool IsCarried(Family family, absl::string_view key) const;
  void CarryOutcomesOf(const Run& run);

  Kv& kv_;
  LogReplay replay_;
  const Catalog catalog_;  // A copy, since names go on being added.
  const Hour first_hour_;
  // Rows of outcomes and runs that contain events from before the first hour.
  std::set<std::string> carried_;
  std::array<std::unique_ptr<KvIterator>, kFamilies.size()> stored_;
};

}  // namespace itemized
