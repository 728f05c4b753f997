// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CLI/CLI.hpp"

#include "client/cli/arguments.h"

namespace itemized::cli {

// These add the options of a command of `rates`, which write to `arguments`.
void AddRatesSetOptions(CLI::App& app, RatesArguments& arguments);
void AddRatesRemoveOptions(CLI::App& app, RatesArguments& arguments);
void AddRatesImportOptions(CLI::App& app, RatesArguments& arguments);

}  // namespace itemized::cli
