// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

#include "storage/pricing/rate.h"

namespace itemized::client {

// Returns a rate as the rate book has it. INVALID_ARGUMENT, with a sentence, if a price of it is no
// decimal or out of range. What else is allowed in a rate, ValidateRate says. Thread-safe.
absl::StatusOr<Rate> ToRate(const v1::Rate& rate);

}  // namespace itemized::client
