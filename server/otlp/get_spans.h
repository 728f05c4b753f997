// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "itemized/v1/query.pb.h"

#include "server/api/principal.h"
#include "storage/base/cancellation.h"
#include "storage/database/database.h"

namespace itemized::server {

// QueryService.GetSpans, for either protocol: the spans that a run came as. Thread-safe. Errors are
// those that the service documents, and that of the cancellation, which may be null.
absl::StatusOr<itemized::v1::GetSpansResponse> GetSpans(
    const Principal& principal, const Database& database,
    const itemized::v1::GetSpansRequest& request, const Cancellation* cancellation = nullptr);

}  // namespace itemized::server
