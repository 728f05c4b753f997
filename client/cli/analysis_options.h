// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CLI/CLI.hpp"

#include "client/cli/arguments.h"

namespace itemized::cli {

// Add the options of `compare` but for the window, the filter and the limit, and say in a footer
// how it is used.
void AddCompareOptions(CLI::App& app, QueryArguments& query);
// Add those of `wasted`.
void AddWastedOptions(CLI::App& app, QueryArguments& query);

}  // namespace itemized::cli
