// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

namespace itemized::client {

// Returns the list prices that come with itemized, for any provider. They are a start: a rate set
// for the same model name takes their place. INTERNAL only if the program was built from a broken
// file. Thread-safe.
absl::StatusOr<std::vector<v1::Rate>> BundledRates();

}  // namespace itemized::client
