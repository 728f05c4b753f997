// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/json_value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

#include "storage/base/check.h"
#include "storage/base/quoted.h"

namespace itemized {
namespace {

namespace dom = simdjson::dom;

// Doubles beyond this are no counts, and would not fit into 128 bits when they are added up.
constexpr double kWholeMax = 1e30;

JsonValue ValueOfDouble(double number) {
  JsonValue value;
  if (std::trunc(number) == number && std::abs(number) < kWholeMax) {
    value.kind = JsonValue::Kind::kWhole;
    value.whole = absl::int128(number);
  } else {
    value.kind = JsonValue::Kind::kFraction;
    value.fraction = number;
  }
  return value;
}

template <typename Number>
JsonValue ValueOfWhole(Number number) {
  JsonValue value;
  value.kind = JsonValue::Kind::kWhole;
  value.is_integer = true;
  value.whole = number;
  return value;
}

std::optional<JsonElement> Field(const dom::object& object, const std::string& name) {
  std::optional<JsonElement> found;
  for (const JsonField field : object) {
    if (field.key == name) {
      found = field.value;
    }
  }
  return found;
}

std::optional<JsonElement> Item(const dom::array& array, const std::string& name) {
  uint32_t index = 0;
  JsonElement item;
  if (!absl::SimpleAtoi(name, &index) || array.at(index).get(item) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return item;
}

}  // namespace

JsonPath ToJsonPath(absl::string_view text) {
  return absl::StrSplit(text, '.');
}

dom::object ToObject(JsonElement element) {
  dom::object object;
  const simdjson::error_code error = element.get(object);
  CHECK(error == simdjson::SUCCESS);
  return object;
}

dom::array ToArray(JsonElement element) {
  dom::array array;
  const simdjson::error_code error = element.get(array);
  CHECK(error == simdjson::SUCCESS);
  return array;
}

JsonValue ValueOf(JsonElement element) {
  JsonValue value;
  switch (element.type()) {
    case dom::element_type::NULL_VALUE:
      break;
    case dom::element_type::BOOL:
      value.kind = JsonValue::Kind::kBool;
      value.truth = element.get_bool().value_unsafe();
      break;
    case dom::element_type::STRING:
      value.kind = JsonValue::Kind::kText;
      value.text = ToView(element.get_string().value_unsafe());
      break;
    case dom::element_type::INT64:
      return ValueOfWhole(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return ValueOfWhole(element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return ValueOfDouble(element.get_double().value_unsafe());
    case dom::element_type::ARRAY:
      value.kind = JsonValue::Kind::kList;
      break;
    case dom::element_type::OBJECT:
      value.kind = JsonValue::Kind::kObject;
      break;
  }
  return value;
}

std::optional<JsonElement> Look(std::optional<JsonElement> source, const JsonPath& path) {
  for (const std::string& name : path) {
    if (!source.has_value()) {
      return std::nullopt;
    }
    if (source->is_object()) {
      source = Field(ToObject(*source), name);
    } else if (source->is_array()) {
      source = Item(ToArray(*source), name);
    } else {
      return std::nullopt;
    }
  }
  return source.has_value() && source->is_null() ? std::nullopt : source;
}

std::string ShortestDecimal(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return std::string(text.data(), end.ptr);
}

std::string DecimalText(absl::int128 value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string Shown(const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::kNothing:
      return "nothing";
    case JsonValue::Kind::kBool:
      return value.truth ? "true" : "false";
    case JsonValue::Kind::kText:
      return Quoted(value.text);
    case JsonValue::Kind::kWhole:
      return DecimalText(value.whole);
    case JsonValue::Kind::kFraction:
      return ShortestDecimal(value.fraction);
    case JsonValue::Kind::kList:
      return "a list";
    case JsonValue::Kind::kObject:
      return "an object";
  }
  return "";
}

}  // namespace itemized
