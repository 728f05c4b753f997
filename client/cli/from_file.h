// SPDX-License-Identifier: Apache-2.0
#pragma once

// Questions about files, where no server is needed: one in this process takes them in, answers,
// and goes away again.

#include <functional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"

#include "client/cli/environment.h"
#include "client/cli/session.h"

namespace itemized::cli {

struct FromFileArguments {
  std::vector<std::string> files;  // "-" is standard input. Empty: a server is asked.
  std::string rates;               // A price list beside the bundled one, or "".
};

// Adds --from-file and --rates to a command that asks.
void AddFromFileOptions(CLI::App& app, FromFileArguments& arguments);

// Reads the files into a server in this process and runs `ask` on a session with it, whose output
// is printed once the server and its store are gone. Refused lines are named on standard error.
// Returns the exit status of `ask`; kExitRefused if no line of the files is an event; and others if
// they cannot be read at all. `name` is what hints call the command.
int AskFiles(const FromFileArguments& arguments, const std::string& name, bool json,
             Environment& env, const std::function<int(Session&)>& ask);

}  // namespace itemized::cli
