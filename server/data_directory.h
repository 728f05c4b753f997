// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/maintenance/verify.h"

namespace itemized::server {

// Creates `directory` if it is missing and sees whether files can be made in
// it. Returns UNAVAILABLE, with a sentence, if not.
absl::Status PrepareDataDirectory(const std::string& directory);

// Verifies a database that no server has open. Returns NOT_FOUND if there is none, or an error
// of Database::Open.
absl::StatusOr<VerifyReport> VerifyDirectory(const std::string& directory);

}  // namespace itemized::server
