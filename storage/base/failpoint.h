// SPDX-License-Identifier: Apache-2.0
#pragma once

// Places at which a test kills the process, to see what the next one finds.

#include <atomic>
#include <cstdint>

namespace itemized {

enum class Failpoint : uint8_t {
  kGroupBuilt,           // A group is built, nothing is written.
  kLogAppended,          // Its entry is on disk, nothing is folded or answered.
  kFolded,               // The group is folded, nobody is answered.
  kFirstAnswered,        // The first sender of a group is answered, the others are not.
  kCheckpointCollected,  // A checkpoint's rows are collected, none is written.
  kTableWritten,         // Some tables of a checkpoint are written, none is in place.
  kTablesPlaced,         // All its tables are in place, and nobody knows it yet.
  kCheckpointFinished,   // The checkpoint is known to be whole, and runs may leave memory.
  kRatesSaved,           // Rates are set, no call is priced again.
  kCorrected,            // Some retractions or repricings are committed.
  kReplayed,             // The store is being opened: entries of the log are folded again.
  // The rest are passed by retention, and armed by retention_test; those above by kill_test.
  kDropBegun,      // The new first hour is on disk, nothing is dropped.
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
