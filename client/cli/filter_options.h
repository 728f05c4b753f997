// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CLI/CLI.hpp"
#include "itemized/v1/query.pb.h"

namespace itemized::cli {

// Adds --step, --model, --workflow, --provider and --attribute, which write to `filter`.
void AddFilterOptions(CLI::App& app, v1::CallFilter& filter);

}  // namespace itemized::cli
