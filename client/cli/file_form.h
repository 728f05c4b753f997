// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"

namespace itemized::cli {

// Says what files of events have to be.
extern const char kFormHint[];

// Looks at the beginning of a file of events. INVALID_ARGUMENT, with a sentence that says what it
// is and how to make events of it, if its lines cannot be JSON objects; OK for "-" and what else
// can be read only once.
absl::Status CheckForm(const std::string& path);

}  // namespace itemized::cli
