// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "itemized/v1/analysis.pb.h"

#include "storage/query/advise_types.h"

namespace itemized::server {

// Turns the question which changes are worth a test into that to the database. INVALID_ARGUMENT
// says what to mend.
absl::StatusOr<AdviseQuery> ToAdviseQuery(const itemized::v1::AdviseRequest& request);

// Writes the answer to `query` with so many rows at most; 0 is all.
itemized::v1::AdviseResponse ToAdviseResponse(const AdviseAnswer& answer, const AdviseQuery& query,
                                              int32_t limit);

}  // namespace itemized::server
