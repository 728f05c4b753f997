// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command line `itemize`: this folder parses a line of words, asks a server over client/cpp
// and prints for people, or as JSON for scripts. It uses the forms of proto/text, the price files
// of client/rates, and plain values of storage/base; everything that reaches outside is in an
// Environment, so that tests run whole commands.

#include <string>
#include <vector>

#include "client/cli/environment.h"

namespace itemized::cli {

// Executes one command line, which is without the program's name; returns the exit status.
int Execute(const std::vector<std::string>& words, Environment& env);

}  // namespace itemized::cli
