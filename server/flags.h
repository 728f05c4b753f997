// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "server/server.h"

namespace itemized::server {

struct Flags {
  ServerOptions server;
  std::string log_level = "info";
  bool verify = false;  // Serve nothing: verify the store and say what was found.
};

// The command line, or the exit status if it asks for no server: 0 after
// --help and --version, 2 after a sentence on standard error about a mistake.
std::variant<Flags, int> ParseFlags(int argc, const char* const* argv);

}  // namespace itemized::server
