// SPDX-License-Identifier: Apache-2.0
#pragma once

// Going over varints without reading them.

#include <cstddef>

#include "absl/strings/string_view.h"

namespace itemized {

// Returns how many varints end in `raw`.
size_t CountVarints(absl::string_view raw);

// Moves `*at`, where a varint of `raw` begins, behind `count` of them; false if there are fewer.
bool SkipVarints(absl::string_view raw, size_t count, size_t* at);

}  // namespace itemized
