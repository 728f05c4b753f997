// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "client/cli/session.h"
#include "client/reconcile/compare.h"
#include "client/reconcile/usage_export.h"

namespace itemized::cli {

// Prints a comparison as a table with its totals and what has to be known of it, or as JSON.
void PrintComparison(const client::UsageExport& exported, const client::Comparison& comparison,
                     const std::string& provider, Picos tolerance, Session& session);

}  // namespace itemized::cli
