// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "client/cli/environment.h"

namespace itemized::cli {

// Runs one command line, without the program's name; returns its exit status.
int Run(const std::vector<std::string>& words, Environment& env);

}  // namespace itemized::cli
