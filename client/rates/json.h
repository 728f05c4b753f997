// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::client {

struct JsonMember;

// A JSON value that keeps numbers as they were written, so that a price never
// passes through floating point.
struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  std::string text;                 // A number as it is written, or a string decoded.
  bool truth = false;               // What a bool says.
  std::vector<JsonValue> items;     // What an array has.
  std::vector<JsonMember> members;  // What an object has, in order, repeated names included.

  bool is_object() const { return kind == Kind::kObject; }
  bool is_array() const { return kind == Kind::kArray; }
  bool is_string() const { return kind == Kind::kString; }

  // Returns the last member of that name, as other readers do; null if there is none.
  const JsonValue* Find(absl::string_view name) const;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// The most values that a document may have. It bounds the memory that one takes to some 400 MB.
inline constexpr size_t kJsonValuesMax = 2'000'000;

// Reads a JSON document in UTF-8, with or without a byte order mark. INVALID_ARGUMENT, which names
// the line of the fault, if `text` is none, nests more than 64 deep, or has too many values. What
// it is that has the fault is called `what` there: "The file".
absl::StatusOr<JsonValue> ParseJson(absl::string_view text, absl::string_view what = "The file");

// Returns the name that an object has twice; "" if there is none.
std::string RepeatedName(const JsonValue& object);

}  // namespace itemized::client
