// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"

namespace itemized::cli {

// The options of `rates reprice` and `usage rederive`, which begin, list and undo jobs.
struct RepriceArguments {
  std::string from;
  std::string to;
  std::string tz;
  std::optional<std::string> model;
  std::optional<std::string> provider;
  bool dry_run = false;
  bool background = false;
  bool list = false;
  std::optional<int64_t> undo;  // The job to take back.
};

// Whose options they are.
enum class JobOptions : uint8_t { kReprice, kRederive };

// Adds these options to `app`, which write to `arguments`.
void AddRepriceOptions(CLI::App& app, RepriceArguments& arguments, JobOptions whose);

}  // namespace itemized::cli
