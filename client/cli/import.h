// SPDX-License-Identifier: Apache-2.0
#pragma once

// `itemize import`: streams the events of files in.

#include <string>
#include <vector>

#include "client/cli/session.h"

namespace itemized::cli {

struct ImportArguments {
  std::vector<std::string> files;  // "-" is standard input.
  std::string format = "native";
  bool all_refusals = false;
};

// Returns an exit status.
int ImportCommand(const ImportArguments& arguments, Session& session);

}  // namespace itemized::cli
