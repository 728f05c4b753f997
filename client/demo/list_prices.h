// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "itemized/v1/rates.pb.h"

#include "storage/pricing/rate_book.h"

namespace itemized::demo {

// A book of these rates. Errors: INVALID_ARGUMENT for a malformed one.
absl::StatusOr<RateBook> BookOf(absl::Span<const v1::Rate> rates);

}  // namespace itemized::demo
