// SPDX-License-Identifier: Apache-2.0
#pragma once

// Typed access to the JSON of our own table, where a surprise is a bug of ours.

#include <optional>
#include <string>
#include <vector>

#include "storage/base/check.h"
#include "storage/usage_shapes/json_value.h"

namespace itemized {

inline std::optional<JsonElement> Member(JsonElement source, const char* name) {
  return Look(source, {name});
}

inline std::string TextOf(JsonElement source) {
  CHECK(source.is_string());
  return std::string(source.get_string().value_unsafe());
}

// Returns the text of a member, or "" if there is no such member.
inline std::string TextAt(JsonElement source, const char* name) {
  const std::optional<JsonElement> member = Member(source, name);
  return member.has_value() ? TextOf(*member) : std::string();
}

inline bool IsTrueAt(JsonElement source, const char* name) {
  const std::optional<JsonElement> member = Member(source, name);
  return member.has_value() && ValueOf(*member).truth;
}

// Calls `visit` with each element of a list; a missing one has none.
template <typename Visit>
void VisitItems(std::optional<JsonElement> list, const Visit& visit) {
  if (list.has_value()) {
    CHECK(list->is_array());
    for (const JsonElement item : ToArray(*list)) {
      visit(item);
    }
  }
}

// Calls `visit` with the name and the value of each field of an object; a missing one has none.
template <typename Visit>
void VisitFields(std::optional<JsonElement> object, const Visit& visit) {
  if (object.has_value()) {
    CHECK(object->is_object());
    for (const JsonField field : ToObject(*object)) {
      visit(std::string(field.key), field.value);
    }
  }
}

inline std::vector<std::string> TextsAt(JsonElement source, const char* name) {
  std::vector<std::string> texts;
  VisitItems(Member(source, name), [&](JsonElement item) { texts.push_back(TextOf(item)); });
  return texts;
}

inline std::vector<JsonPath> PathsAt(JsonElement source, const char* name) {
  std::vector<JsonPath> paths;
  for (const std::string& text : TextsAt(source, name)) {
    paths.push_back(ToJsonPath(text));
  }
  return paths;
}

}  // namespace itemized
