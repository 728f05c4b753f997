// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "CLI/CLI.hpp"

namespace itemized::cli {

// Returns a sentence about what `app` could not make sense of, with what may have been meant.
std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& error);

// Returns a sentence that `word` is no command of `app`, and which one may be meant.
std::string UnknownCommand(const CLI::App& app, const std::string& word);

// Returns the command of `app` with that name; null if there is none.
const CLI::App* FindCommand(const CLI::App& app, const std::string& word);

}  // namespace itemized::cli
