// SPDX-License-Identifier: Apache-2.0
#pragma once

// Checks of single values that come from outside.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

#include "storage/model/event_batch.h"

namespace itemized {

// Returns why a name from outside cannot be stored, in a sentence about "The `field`"; nothing if
// it can.
std::optional<std::pair<RefusalCode, std::string>> CheckText(const char* field,
                                                             absl::string_view text, bool required);
// Returns why an instant from outside cannot be stored; nothing if it can. `latest_us` is the
// latest that is taken.
std::optional<std::pair<RefusalCode, std::string>> CheckTime(int64_t time_us, int64_t latest_us);

bool IsUtf8(absl::string_view text);

}  // namespace itemized
