#pragma once

#include <string>

#include "CLI/CLI.hpp"

namespace itemized::cli {

// Help on one command: usage, arguments, commands, options, examples.
class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace itemized::cli
