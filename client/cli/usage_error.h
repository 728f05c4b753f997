// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "CLI/CLI.hpp"

namespace itemized::cli {

// A sentence about what `app` could not make sense of, with what may have been meant.
std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& error);

}  // namespace itemized::cli
