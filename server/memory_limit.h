// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace itemized::server {

// Returns how many bytes clients may make a server hold unless it is told otherwise: a quarter
// of the memory that the machine has, or the control group that the process is in, and 256 MiB
// at least. The store needs memory besides: about 400 MiB, and the views.
int64_t DefaultMemoryLimit();

// A smaller limit would have no room for a single message of 16 MiB and its answer.
inline constexpr int64_t kMemoryLimitMin = int64_t{64} << 20;

}  // namespace itemized::server
