#pragma once

// Drops what is older than it has to be kept: raw blocks by whole UTC days, and
// with them the runs that lie wholly before. Rollups stay, so totals do not change.

#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "storage/engine/state.h"

namespace itemized {

// The committer's thread only.
class Retention {
 public:
  // Keeps the blocks of the last `retain_us` microseconds; 0: all of them.
  Retention(State* state, int64_t retain_us) : state_(*state), retain_us_(retain_us) {}

  // Whether a day has become too old since the last one was dropped. Then the
  // views are to be written to disk, and Begin called.
  bool is_due() const { return Target() > state_.log.first_hour(); }

  // From here on, nothing reads or takes events before the new first hour. No
  // replay needs them: all is in the rows on disk.
  absl::Status Begin();

  // Whether Step has something to do.
  bool is_busy() const { return state_.log.is_dropping(); }

  // Drops some of it. After the last step nothing is left, also of what an earlier
  // process had begun to drop.
  absl::Status Step();

 private:
  Hour Target() const;
  absl::Status DropRuns();

  State& state_;
  const int64_t retain_us_;
  std::string next_run_;  // Runs before it have been looked at.
  bool runs_are_done_ = false;
};

}  // namespace itemized
