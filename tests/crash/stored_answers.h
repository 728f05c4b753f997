// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a store answers, as one text, so that a damaged copy can be compared with it.

#include <string>

#include "absl/status/statusor.h"

#include "storage/database/database.h"

namespace itemized::testing {

// Options of a store that is thrown away, so that it needs no real fsync.
DatabaseOptions ThrowawayOptions(const std::string& directory);

// Returns all that can be asked of the calls of a CrashWorkload, or the first error.
absl::StatusOr<std::string> AnswersOf(Database& db);

}  // namespace itemized::testing
