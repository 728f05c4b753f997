// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients, a network and a server that fail in all ways at once, in simulated time.
// Everything follows from the seed: a failure comes back with it.

#include <cstdint>
#include <string>

namespace itemized::testing {

struct SimulationOptions {
  uint64_t seed = 0;
  // The server stores one batch in so many without its place in the producer's sequence, as none
  // should; none if 0.
  uint64_t forget_once_in = 0;
};

struct SimulationReport {
  std::string problem;   // What was not as promised; empty if nothing.
  uint64_t history = 0;  // A hash of all that happened.
  int64_t calls = 0;
  // How often something failed.
  int64_t breaks = 0;
  int64_t client_crashes = 0;
  int64_t server_crashes = 0;
  int64_t restores = 0;  // How often an older copy took the store's place.
  int64_t full_disks = 0;
  int64_t log_faults = 0;
  uint64_t lost_batches = 0;  // Clients were told that these are lost, and sent them again.
};

SimulationReport Simulate(const SimulationOptions& options);

}  // namespace itemized::testing
