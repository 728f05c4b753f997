#pragma once

#include <string>

#include "absl/status/status.h"

namespace itemized::server {

// Creates `directory` if it is missing and sees whether files can be made in
// it. UNAVAILABLE with a sentence if not.
absl::Status PrepareDataDirectory(const std::string& directory);

}  // namespace itemized::server
