// SPDX-License-Identifier: Apache-2.0
#pragma once

// Drops what is older than it has to be kept: blocks by whole UTC days, and the runs that lie
// wholly before those that are kept. Rollups stay, so totals do not change; only with a limit of
// their own are they dropped too.

#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "storage/store/state.h"

namespace itemized {

// Only the committer's thread uses it.
class Retention {
 public:
  // Keeps blocks and rollups of the last so many microseconds; 0 means all of them. Rollups are
  // kept at least as long as blocks.
  Retention(State* state, int64_t events_us, int64_t rollups_us)
      : state_(*state), events_us_(events_us), rollups_us_(rollups_us) {}

  // Returns whether a day has become too old since the last one was dropped. The caller then writes
  // the views to disk and calls Begin.
  bool is_due() const {
    return EventsTarget() > state_.blocks.first_hour() ||
           RollupsTarget() > state_.views.first_hour();
  }

  // Commits the new first hour, before which nothing reads or takes events from then on. No replay
  // needs them: all is in the rows on disk.
  absl::Status Begin();

  // Returns whether Step has something to do.
  bool is_busy() const { return state_.blocks.is_dropping(); }

  // Returns whether the caller must write the views to disk before the next Step. That step drops
  // blocks of runs that go on, whose calls are otherwise only in memory.
  bool needs_checkpoint() const { return has_kept_calls_ && runs_are_done_; }

  // Drops some more of what is too old. After the last step nothing of it is left, nor of what an
  // earlier process had begun to drop.
  absl::Status Step();

 private:
  int64_t NowUs() const;
  Hour EventsTarget() const;
  Hour RollupsTarget() const;
  absl::Status BeginEvents();
  absl::Status DropRollups();
  absl::Status DropRuns();
  absl::Status DropNotes();
  // Adds to `entry` which of the next runs are dropped and which are kept. Returns the name at
  // which the runs after them begin, "" if there are none.
  absl::StatusOr<std::string> LookAtRuns(Entry* entry) const;
  absl::Status Commit(Entry entry);

  State& state_;
  const int64_t events_us_;
  const int64_t rollups_us_;
  std::string next_run_;  // Runs before it have been looked at.
  bool runs_are_done_ = false;
  std::string next_note_;  // Notes before it have been looked at.
  bool notes_are_done_ = false;
  bool has_kept_calls_ = false;  // Runs in memory have calls whose blocks will be dropped.
};

}  // namespace itemized
