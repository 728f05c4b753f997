// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands at a path of a parsed JSON document. Texts are views into the parser of the document,
// which has to outlive them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "simdjson.h"

namespace itemized {

using JsonElement = simdjson::dom::element;
using JsonField = simdjson::dom::key_value_pair;

// Names from the outermost to the innermost. A number names an element of a list, from 0.
using JsonPath = std::vector<std::string>;

// Splits "usage.cost" at its dots.
JsonPath ToJsonPath(absl::string_view text);

inline absl::string_view ToView(std::string_view text) {
  return {text.data(), text.size()};
}

// A scalar, or the mere fact that there is a list or an object.
struct JsonValue {
  enum class Kind : uint8_t { kNothing, kBool, kText, kWhole, kFraction, kList, kObject };

  Kind kind = Kind::kNothing;  // Null is nothing, too.
  bool truth = false;          // What a bool says.
  absl::string_view text;
  absl::int128 whole = 0;   // A number without a fraction, however it is written.
  bool is_integer = false;  // Whether it is written as an integer, as ids are: 12, not 12.0.
  double fraction = 0;      // Any other number.

  bool is_nothing() const { return kind == Kind::kNothing; }
  bool is_text() const { return kind == Kind::kText; }
  bool is_number() const { return kind == Kind::kWhole || kind == Kind::kFraction; }
};

// Both are for elements of that type only.
simdjson::dom::object ToObject(JsonElement element);
simdjson::dom::array ToArray(JsonElement element);

JsonValue ValueOf(JsonElement element);

// Returns what `path` leads to from `source`; nothing where that is absent or null. The last of
// several fields of one name counts.
std::optional<JsonElement> Look(std::optional<JsonElement> source, const JsonPath& path);

// Returns the value as a sentence shows it, cut to 60 bytes.
std::string Shown(const JsonValue& value);

// Returns the shortest decimal that reads as `value` again.
std::string ShortestDecimal(double value);

// Returns a whole number in decimal digits.
std::string DecimalText(absl::int128 value);

}  // namespace itemized
