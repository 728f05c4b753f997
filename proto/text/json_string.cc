// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/text/characters.h"
#include "proto/text/json.h"

namespace itemized::text {
namespace {

void AppendEscaped(char32_t c, std::string* json) {
  constexpr char32_t kFirstFar = 0x10000;  // It is the first whose escape takes two surrogates.
  if (c < kFirstFar) {
    absl::StrAppendFormat(json, "\\u%04x", static_cast<uint32_t>(c));
    return;
  }
  const auto far = static_cast<uint32_t>(c - kFirstFar);
  absl::StrAppendFormat(json, "\\u%04x\\u%04x", 0xD800 + (far >> 10), 0xDC00 + (far & 0x3FFU));
}

void AppendCharacter(absl::string_view text, const Character& c, std::string* json) {
  if (c.bytes == 0) {
    absl::StrAppend(json, "\uFFFD");
  } else if (c.value == '\n') {
    absl::StrAppend(json, "\\n");
  } else if (c.value == '\t') {
    absl::StrAppend(json, "\\t");
  } else if (c.value == '"' || c.value == '\\') {
    absl::StrAppend(json, "\\", text.substr(0, 1));
  } else if (IsUnprintable(c.value)) {
    AppendEscaped(c.value, json);
  } else {
    absl::StrAppend(json, text.substr(0, c.bytes));
  }
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  json.reserve(text.size() + 2);
  while (!text.empty()) {
    const Character c = FirstCharacter(text);
    AppendCharacter(text, c, &json);
    text.remove_prefix(std::max<size_t>(c.bytes, 1));
  }
  json += '"';
  return json;
}

}  // namespace itemized::text
