// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "itemized/v1/analysis.pb.h"

#include "storage/query/compare_types.h"

namespace itemized::server {

// Turns the question why spend changed into that to the database. INVALID_ARGUMENT says what to
// mend.
absl::StatusOr<CompareQuery> ToCompareQuery(const itemized::v1::CompareRequest& request);

// Writes the answer with so many rows at most; 0 is all.
itemized::v1::CompareResponse ToCompareResponse(const CompareAnswer& answer, int32_t limit);

}  // namespace itemized::server
