// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "itemized/v1/analysis.pb.h"
#include "proto/text/window.h"

#include "client/cli/query.h"

namespace itemized::cli {

struct WhatIfArguments {
  v1::CallFilter filter;
  std::vector<v1::StepChange> changes;  // They stand as on the command line.
};

// Adds an option for each kind of change, and the filters that are not named as one of them, which
// write to `arguments`.
void AddWhatIfOptions(CLI::App& app, WhatIfArguments& arguments);

// Asks what the changes would have saved, and prints it. Returns an exit status.
int WhatIfCommand(const WhatIfArguments& arguments, const text::WindowArguments& window,
                  Session& session);

}  // namespace itemized::cli
