// SPDX-License-Identifier: Apache-2.0
#pragma once

// `itemize import` streams the events of files in. The one form so far, NDJSON, is read by
// proto/text, which HTTP shares; a reader of another form has its place in this folder, and
// Importer picks it.

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
