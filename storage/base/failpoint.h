// SPDX-License-Identifier: Apache-2.0
#pragma once

// Places at which a test kills the process, to see what the next one finds.

#include <atomic>
#include <cstdint>

namespace itemized {

enum class Failpoint : uint8_t {
  kGroupBuilt,           // A group is built, nothing is written.
  kLogAppended,          // Its blocks are on disk, nothing is folded or answered.
  kFolded,               // It is folded, nobody is answered.
  kFirstAnswered,        // The first sender of a group is answered, the others are not.
  kCheckpointCollected,  // A checkpoint's rows are collected, none is written.
  kTableWritten,         // Some of its tables are written, none is in place.
  kTablesPlaced,         // All are in place, nobody knows it.
  kCheckpointFinished,   // They are known to be, and runs may leave memory.
  kRatesSaved,           // Rates are set, no call is priced again.
  kCorrected,            // Some retractions or repricings are committed.
  kReplayed,             // Opening: blocks of the log are folded again.
  // From here on: retention (retention_test; the ones above: kill_test).
  kDropBegun,      // What is too old is known on disk, nothing is dropped.
  kRunsDropped,    // Some runs are dropped, no block is.
  kBlocksDropped,  // Some blocks are dropped.
};

namespace failpoint_internal {
extern std::atomic<int> armed;  // The number of a Failpoint, or -1.
void PassArmed();
}  // namespace failpoint_internal

// The process kills itself (SIGKILL) when it passes `failpoint` for the `nth` time,
// from 1. Thread-safe.
void ArmFailpoint(Failpoint failpoint, uint64_t nth);

inline void PassFailpoint(Failpoint failpoint) {
  if (failpoint_internal::armed.load(std::memory_order_relaxed) == static_cast<int>(failpoint)) {
    failpoint_internal::PassArmed();
  }
}

}  // namespace itemized
