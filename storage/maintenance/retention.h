// SPDX-License-Identifier: Apache-2.0
#pragma once

// Drops what is older than it has to be kept: raw blocks by whole UTC days, and
// with them the runs that lie wholly before. Rollups stay, so totals do not change.

#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "storage/store/state.h"

namespace itemized {

// The committer's thread only.
class Retention {
 public:
  // Keeps blocks and rollups of the last so many microseconds; 0: all of them.
  // Rollups are kept for as long as blocks at least.
  Retention(State* state, int64_t events_us, int64_t rollups_us)
      : state_(*state), events_us_(events_us), rollups_us_(rollups_us) {}

  // Whether a day has become too old since the last one was dropped. Then the
  // views are to be written to disk, and Begin called.
  bool is_due() const {
    return EventsTarget() > state_.blocks.first_hour() ||
           RollupsTarget() > state_.views.first_hour();
  }

  // From here on, nothing reads or takes events before the new first hour. No
  // replay needs them: all is in the rows on disk.
  absl::Status Begin();

  // Whether Step has something to do.
  bool is_busy() const { return state_.blocks.is_dropping(); }

  // Whether the views are to be written to disk before the next Step: it drops what is
  // known of the calls of some runs elsewhere only in memory.
  bool needs_checkpoint() const { return has_kept_calls_ && runs_are_done_; }

  // Drops some of it. After the last step nothing is left, also of what an earlier
  // process had begun to drop.
  absl::Status Step();

 private:
  int64_t NowUs() const;
  Hour EventsTarget() const;
  Hour RollupsTarget() const;
  absl::Status BeginEvents();
  absl::Status DropRollups();
  absl::Status DropRuns();
  // Adds what is to be said of the next runs to `entry`; returns where those after them begin, ""
  // if there are none.
  absl::StatusOr<std::string> LookAtRuns(Entry* entry) const;
  absl::Status Commit(Entry entry);

  State& state_;
  const int64_t events_us_;
  const int64_t rollups_us_;
  std::string next_run_;  // Runs before it have been looked at.
  bool runs_are_done_ = false;
  bool has_kept_calls_ = false;  // Runs, in memory, those of blocks that will be dropped.
};

}  // namespace itemized
