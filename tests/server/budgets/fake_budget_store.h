// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store of notes in memory that can fail as a disk does.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"

#include "server/budgets/budget_book.h"
#include "storage/base/mutex.h"

namespace itemized::server {

// Thread-safe. It outlives the books on it.
class FakeBudgetStore {
 public:
  enum class Fault {
    kNone,
    kRefused,  // Nothing is written.
    kLate,     // It is reported as failed, and turns up before the next write.
  };

  BudgetStore Store() {
    return {.read = [this](absl::string_view prefix) { return Read(prefix); },
            .write = [this](std::vector<Note> notes,
                            std::vector<std::string> dropped) { return Write(notes, dropped); }};
  }

  void SetFault(Fault fault) {
    const MutexLock lock(mutex_);
    fault_ = fault;
  }
  int writes() const {
    const MutexLock lock(mutex_);
    return writes_;
  }
  // Waits until a write has been refused.
  void AwaitRefused() {
    const MutexLock lock(mutex_);
    while (refused_ == 0) {
      refused_one_.wait(mutex_);
    }
  }
  size_t size() const {
    const MutexLock lock(mutex_);
    return notes_.size();
  }
  void Put(const Note& note) {
    const MutexLock lock(mutex_);
    notes_[note.key] = note;
  }

 private:
  absl::StatusOr<std::vector<Note>> Read(absl::string_view prefix) const {
    const MutexLock lock(mutex_);
    std::vector<Note> found;
    for (const auto& [key, note] : notes_) {
      if (absl::StartsWith(key, prefix)) {
        found.push_back(note);
      }
    }
    return found;
  }

  absl::Status Write(const std::vector<Note>& notes, const std::vector<std::string>& dropped) {
    const MutexLock lock(mutex_);
    if (fault_ == Fault::kRefused) {
      ++refused_;
      refused_one_.notify_all();
      return absl::UnavailableError("The disk is full; make room.");
    }
    Apply(std::exchange(late_notes_, {}), std::exchange(late_dropped_, {}));
    if (fault_ == Fault::kLate) {
      late_notes_ = notes;
      late_dropped_ = dropped;
      return absl::UnavailableError("It is not known what became of the write.");
    }
    ++writes_;
    Apply(notes, dropped);
    return absl::OkStatus();
  }

  void Apply(const std::vector<Note>& notes, const std::vector<std::string>& dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const Note& note : notes) {
      notes_[note.key] = note;
    }
    for (const std::string& key : dropped) {
      notes_.erase(key);
    }
  }

  mutable Mutex mutex_;
  Fault fault_ ABSL_GUARDED_BY(mutex_) = Fault::kNone;
  CondVar refused_one_;
  int writes_ ABSL_GUARDED_BY(mutex_) = 0;
  int refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Note> notes_ ABSL_GUARDED_BY(mutex_);
  std::vector<Note> late_notes_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> late_dropped_ ABSL_GUARDED_BY(mutex_);
};

inline Budget BudgetOf(const std::string& name, Picos amount = 1'000,
                       const std::string& webhook = "") {
  Budget budget{.name = name, .scope = {}, .amount = amount, .per = BudgetPeriod::kDay};
  budget.webhook = webhook;
  return budget;
}

inline constexpr int64_t kBookNowUs = 20'000 * kMicrosPerDay + kMicrosPerDay / 2;
inline const TimeRange kBookDay{20'000 * kMicrosPerDay, 20'001 * kMicrosPerDay};

}  // namespace itemized::server
