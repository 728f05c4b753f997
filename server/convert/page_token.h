// SPDX-License-Identifier: Apache-2.0
#pragma once

// A page token says where the next page of a run begins. Callers only hand it back.

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/query/query_types.h"

namespace itemized::server {

// Returns a text that is fit for a URL as it is, and holds nothing that the page did not show.
std::string ToPageToken(absl::string_view workflow_id, const RunPosition& position);

// Returns INVALID_ARGUMENT for what is no token, or one of another run.
absl::StatusOr<RunPosition> ReadPageToken(absl::string_view workflow_id, absl::string_view token);

}  // namespace itemized::server
