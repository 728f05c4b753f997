// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "CLI/CLI.hpp"

namespace itemized::cli {

// The group of options that every command has, which help shows last.
inline constexpr char kCommonOptions[] = "Common options";

// Writes the help on one command: usage, arguments, commands, options, examples.
class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

// Says what `itemize import` reads.
extern const char kNativeFormatHelp[];

}  // namespace itemized::cli
