// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the next page of a run begins, as a text that callers only hand back.

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/query/query_types.h"

namespace itemized::server {

// Fit for a URL as it is. It holds nothing that the page did not show.
std::string ToPageToken(absl::string_view workflow_id, const RunPosition& position);

// Errors: INVALID_ARGUMENT for what is no token, or one of another run.
absl::StatusOr<RunPosition> ReadPageToken(absl::string_view workflow_id, absl::string_view token);

}  // namespace itemized::server
