// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "bench/load/report.h"

namespace itemized::bench {

struct PeerOptions {
  std::string program;                 // The path of itemized-peer; if empty, none is run.
  std::vector<std::string> arguments;  // Where it finds the databases.
  std::string work_dir;
  uint64_t seed = 1;
  int64_t end_us = 0;          // When the workload ends.
  int64_t calls = 0;           // How many calls most databases get,
  int64_t slow_calls_max = 0;  // and how many PostgreSQL and SQLite get at most.
};

// Feeds each of the other databases in turn, checks each of its answers against what the
// workload made, and adds its figures. One that fails does not keep the others
// from running; the first error is returned.
absl::Status RunPeers(const PeerOptions& options, Report* report);

}  // namespace itemized::bench
