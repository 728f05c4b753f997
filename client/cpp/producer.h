// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace itemized::client {

// How a sender names itself to the server, so that each of its batches is counted
// once over any number of streams (itemized.v1.Hello).
struct Producer {
  std::string id;                      // It has 16 bytes.
  uint64_t epoch = 1;                  // It is raised to begin a new sequence.
  uint64_t acknowledged_sequence = 0;  // The newest batch known to be on the server's disk.
};

// Returns random bytes, which no other producer has.
std::string NewProducerId();

}  // namespace itemized::client
