// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "client/cli/session.h"

namespace itemized::cli {

struct ReconcileArguments {
  std::vector<std::string> files;  // "-" is standard input.
  std::string format = "auto";
  std::string provider;  // "" is that of the form of export.
  std::string from;      // A date or RFC 3339; "" is where the export begins.
  std::string to;        // It is exclusive; "" is where the export ends.
  std::string tolerance = "1%";
};

// Compares what was traced with what a provider says. Returns an exit status: kExitRefused if they
// differ by more than the tolerance.
int ReconcileCommand(const ReconcileArguments& arguments, Session& session);

}  // namespace itemized::cli
