// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "itemized/v1/analysis.pb.h"

#include "storage/query/wasted_types.h"

namespace itemized::server {

// Turns the question what was wasted into that to the database. INVALID_ARGUMENT says what to mend.
absl::StatusOr<WastedQuery> ToWastedQuery(const itemized::v1::GetWastedRequest& request);

// Writes the answer with so many rows at most; 0 is all.
itemized::v1::GetWastedResponse ToWastedResponse(const WastedAnswer& answer, int32_t limit);

}  // namespace itemized::server
