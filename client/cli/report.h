// SPDX-License-Identifier: Apache-2.0
#pragma once

// `itemize report` writes a bill: the answers to all questions about a window in one file.

#include <cstdint>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "proto/text/window.h"

#include "client/cli/session.h"

namespace itemized::cli {

struct ReportArguments {
  std::string out;     // A file, "-" or "" for standard output.
  std::string format;  // "html", "md", "csv" or "json"; "": by the ending of `out`, else html.
};

void AddReportOptions(CLI::App& app, ReportArguments& arguments);

// Asks everything and writes it. Returns an exit status.
int ReportCommand(const ReportArguments& arguments, const text::WindowArguments& window,
                  std::optional<int32_t> limit, Session& session);

}  // namespace itemized::cli
