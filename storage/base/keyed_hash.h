// SPDX-License-Identifier: Apache-2.0
#pragma once

// A hash for which nobody who does not know its key can make two texts collide.

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace itemized {

using HashKey = std::array<uint64_t, 2>;

// Makes a key from the system's source of random numbers.
HashKey RandomHashKey();

// Returns the SipHash-1-3 of `text` followed by the byte `last`.
uint64_t KeyedHash(const HashKey& key, absl::string_view text, uint8_t last);

}  // namespace itemized
