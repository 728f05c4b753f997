// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "CLI/CLI.hpp"

#include "client/cli/arguments.h"

namespace itemized::cli {

// Add the options of the commands of `rates` to `app`, which write to `rates`.
void AddRatesSetOptions(CLI::App& app, RatesArguments& rates);
void AddRatesRemoveOptions(CLI::App& app, RatesArguments& rates);
void AddRatesImportOptions(CLI::App& app, RatesArguments& rates);

// Adds --tz, which many commands have.
void AddZone(CLI::App& app, std::string& tz);

}  // namespace itemized::cli
