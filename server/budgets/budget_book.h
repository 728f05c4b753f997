// SPDX-License-Identifier: Apache-2.0
#pragma once

// This folder keeps the budgets of a server: what they are, how they stand, who is told of what. It
// uses storage and server/convert, and knows no protocol of clients; it is a client of HTTP itself,
// for webhooks.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/mutex.h"
#include "storage/budgets/budget.h"
#include "storage/budgets/crossing.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Where budgets are kept: as notes of the database. Tests make it fail.
struct BudgetStore {
  // Database::ReadNotes and Database::WriteNotes say what these do.
  std::function<absl::StatusOr<std::vector<Note>>(absl::string_view prefix)> read;
  std::function<absl::Status(std::vector<Note> notes, std::vector<std::string> dropped)> write;
};

// A budget with what was told of it.
struct HeldBudget {
  Budget budget;
  std::vector<Crossing> crossings;
  // Differs from that of whatever had the name before.
  uint64_t generation = 0;
};

// The budgets and their crossings, which are on disk before anybody sees them. Thread-safe; a
// change waits for the disk.
class BudgetBook {
 public:
  explicit BudgetBook(BudgetStore store) : store_(std::move(store)) {}

  // Reads what is kept, in place of what is known. Errors: DATA_LOSS, UNAVAILABLE.
  absl::Status Load();

  // Puts a budget that was checked into the book, in place of one of its name. Returns whether
  // there was one. The crossings of that stay, unless it was about other calls or periods.
  // RESOURCE_EXHAUSTED if there are kBudgetsMax others, UNAVAILABLE if it cannot be written.
  absl::StatusOr<bool> Set(Budget budget);

  // Takes a budget out, and returns it. NOT_FOUND, with names that are near; UNAVAILABLE.
  absl::StatusOr<Budget> Remove(const std::string& name);

  std::vector<HeldBudget> List() const;  // They stand by name.
  std::optional<HeldBudget> Find(const std::string& name) const;

  // Judges the spend of a period of a budget, and returns the crossings that are new once they are
  // on disk; none if the budget has changed since `generation`. UNAVAILABLE if they cannot be
  // written: then they are new the next time.
  absl::StatusOr<std::vector<Crossing>> Record(const std::string& name, uint64_t generation,
                                               TimeRange period, Picos spent, int64_t now_us);

  // Says what became of the webhook of a crossing. UNAVAILABLE if it cannot be written.
  absl::Status Settle(const std::string& name, const std::string& crossing_id, Delivery delivery,
                      int64_t now_us);

  // Reads again what is kept if nobody could tell what became of a write.
  void CatchUp();

 private:
  absl::Status Reload() ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  absl::Status BeSure() ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  absl::Status Write(std::vector<Note> notes, std::vector<std::string> dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  absl::Status PutCrossings(const std::string& name, std::vector<Crossing> crossings)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);

  const BudgetStore store_;
  Mutex change_mutex_;  // It is held over a change and its write, and locked before the other one.
  bool is_unsure_ ABSL_GUARDED_BY(change_mutex_) = false;  // The last write may turn up yet.
  uint64_t generations_ ABSL_GUARDED_BY(change_mutex_) = 0;
  mutable Mutex mutex_;
  std::map<std::string, HeldBudget> budgets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized::server
