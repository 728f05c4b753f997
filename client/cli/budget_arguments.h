// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace itemized::cli {

// The options of the commands of `budgets`, and of `watch`.
struct BudgetArguments {
  std::string name;
  std::string amount;  // USD.
  std::string per = "month";
  std::optional<std::string> step;
  std::optional<std::string> workflow;
  std::optional<std::string> model;
  std::optional<std::string> provider;
  std::string attribute;    // "key=value", or "" for none.
  std::vector<int32_t> at;  // Percents of the amount.
  std::string tz;
  std::string webhook;
};

// Add the options of these commands to `app`, which write to `arguments`.
void AddBudgetsSetOptions(CLI::App& app, BudgetArguments& arguments);
void AddBudgetsRemoveOptions(CLI::App& app, BudgetArguments& arguments);
void AddWatchOptions(CLI::App& app, BudgetArguments& arguments);

}  // namespace itemized::cli
