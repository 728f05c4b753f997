// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "storage/model/usage.h"

namespace itemized {

// Cuts the input to `tokens` if it is more; returns whether it is. Each class of it is scaled and
// rounded down; the largest one, the first of equal ones, takes what that leaves of the cap.
bool CapInput(int64_t tokens, Usage* usage);

// Has `share`, in parts of kShareWhole, of the text that goes in read from the cache, rounded half
// up to whole tokens, if it is less; returns whether it is. What is left of the text keeps its
// proportion of plain input and writes into the cache, each rounded down; the largest of them, the
// first of equal ones, takes what that leaves.
bool RaiseCacheRead(int64_t share, Usage* usage);

}  // namespace itemized
