// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace itemized {

// The prices that come with the program, as the bytes of an itemized.v1.SetRatesRequest. The build
// makes them of the package that client/rates/bundle/package.json names; none where it had no npm.
extern const absl::string_view kBundledRates;

}  // namespace itemized
