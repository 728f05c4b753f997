// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/string_view.h"
#include "itemized/v1/query.pb.h"

#include "client/cli/arguments.h"

namespace itemized::cli {

// Adds --step, --model, --workflow, --provider and --attribute, which write to `filter`.
void AddFilterOptions(CLI::App& app, v1::CallFilter& filter);

// Adds --every, the length of a bucket, and --sort, the order of outliers.
void AddEveryOption(CLI::App& app, std::string& every);
void AddSortOption(CLI::App& app, std::string& sort);

// Adds --limit, a count of rows.
void AddLimitOption(CLI::App& app, const char* help, std::optional<int32_t>& limit);

// Adds EVENT_ID and --run.
void AddExplainOptions(CLI::App& app, QueryArguments& query);

// What a check of an option's value says; the option's name comes before it.
std::string MustBe(absl::string_view wanted, const std::string& text);

}  // namespace itemized::cli
