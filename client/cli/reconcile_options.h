// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CLI/CLI.hpp"

#include "client/cli/reconcile.h"

namespace itemized::cli {

// Adds the options of `reconcile`, which write to `arguments`.
void AddReconcileOptions(CLI::App& app, ReconcileArguments& arguments);

}  // namespace itemized::cli
