// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "server/server.h"

namespace itemized::server {

struct Flags {
  ServerOptions server;
  std::string log_level = "info";
  bool bundled_rates = true;  // The prices that come with the program are in force.
  bool verify = false;  // The process verifies the store, says what it found, and serves nothing.
};

// Reads the command line. Returns the exit status if it asks for no server: 0 after
// --help and --version, 2 after a sentence on standard error about a mistake.
std::variant<Flags, int> ParseFlags(int argc, const char* const* argv);

}  // namespace itemized::server
