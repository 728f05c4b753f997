// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is measured, in the order in which it is.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "bench/load/report.h"

namespace itemized::bench {

inline constexpr int kStreams = 2;  // How many streams a client has that sends as fast as it can.

struct ScenarioOptions {
  std::string server = "build/bin/itemized";
  std::string work_dir = "build";
  std::vector<int64_t> calls = {1'000'000, 10'000'000};
  std::vector<std::string> forms = {"rows", "columns"};
  uint64_t seed = 1;
  int window = 16;  // How many batches of a stream may be unacknowledged.
  int rounds = 1;
  bool ingest_only = false;
  std::string only;  // "queries" (after ingest), "spans" or "repricing", to measure nothing else.
  int64_t spans = 1'000'000;
  double kind_seconds = 60;  // The queries of one kind take at most so long.
  std::string peer_program;  // The path of itemized-peer; if empty, no other database is run.
  std::vector<std::string> peer_arguments;
  int64_t slow_peer_calls_max = 1'000'000;
};

// Figures of the largest size have plain names, those of others begin with "at_N.". On an
// error the report has what was measured before.
absl::Status RunScenarios(const ScenarioOptions& options, Report* report);

}  // namespace itemized::bench
