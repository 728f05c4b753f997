// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace itemized::text {

// Protobuf's JSON mapping with the proto field names (snake_case) and with fields
// that have their default value; 64-bit integers are strings there. All strings of
// the message are UTF-8 (CHECKed).
enum class JsonLayout : uint8_t { kOneLine, kIndented };
std::string ToJson(const google::protobuf::Message& message, JsonLayout layout);

// UTF-8 as a JSON string with its quotes.
std::string JsonString(absl::string_view utf8);

}  // namespace itemized::text
