// SPDX-License-Identifier: Apache-2.0
#include "proto/text/json_fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/text/json_number.h"

#include "storage/base/time.h"

namespace itemized::text {
namespace {

namespace json = simdjson::ondemand;

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Fault Refuse(pb::RefusalCode code, std::string message) {
  return LineRefusal{code, std::move(message)};
}

Fault Malformed(std::string message) {
  return Refuse(pb::REFUSAL_CODE_MALFORMED, std::move(message));
}

std::string Excerpt(absl::string_view raw) {
  constexpr size_t kBytesMax = 40;
  raw = absl::StripAsciiWhitespace(raw);
  if (raw.size() <= kBytesMax) {
    return std::string(raw);
  }
  size_t end = kBytesMax;
  while (end > 0 && (static_cast<uint8_t>(raw[end]) & 0xC0U) == 0x80) {
    --end;
  }
  return absl::StrCat(raw.substr(0, end), "...");
}

Fault BrokenJson(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return Refuse(pb::REFUSAL_CODE_INVALID_UTF8,
                    "The line is not UTF-8: convert the file, for instance with iconv.");
    case simdjson::UNESCAPED_CHARS:
      return Malformed(
          "A string holds a raw control character: write it as an escape such as \\n or \\u0009.");
    case simdjson::STRING_ERROR:
      return Malformed(
          "A string holds an escape that JSON does not have: write a backslash itself as \\\\.");
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return Malformed(
          "The object does not end on this line: write each event whole on a line of its own, as "
          "`jq -c .` does.");
    case simdjson::TRAILING_CONTENT:
      return Malformed("Something follows the object: write each event on a line of its own.");
    case simdjson::DEPTH_ERROR:
      return Malformed("The line nests too deeply for an event.");
    default:
      return Malformed(
          "The line is not valid JSON: write each event as one JSON object on a line of its own.");
  }
}

namespace {

const char* TypeName(json::json_type type) {
  switch (type) {
    case json::json_type::array:
      return "an array";
    case json::json_type::object:
      return "an object";
    case json::json_type::number:
      return "a number";
    case json::json_type::string:
      return "a string";
    case json::json_type::boolean:
      return "a boolean";
    case json::json_type::null:
      return "null";
  }
  return "something else";
}

// Refuses `value` for not being `wanted`.
Fault WrongType(absl::string_view path, absl::string_view wanted, json::value& value) {
  json::json_type type;
  if (const simdjson::error_code error = value.type().get(type)) {
    return BrokenJson(error);
  }
  if (type == json::json_type::null) {
    return Malformed(absl::StrCat("\"", path, "\" is null: leave it out, or give ", wanted, "."));
  }
  return Malformed(
      absl::StrCat("\"", path, "\" must be ", wanted, ", but is ", TypeName(type), "."));
}

bool Is(json::value& value, json::json_type wanted) {
  json::json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == wanted;
}

}  // namespace

Fault TakeNull(json::value& value, bool& is_null) {
  is_null = Is(value, json::json_type::null);
  if (!is_null) {
    return std::nullopt;
  }
  bool is_whole = false;
  const simdjson::error_code error = value.is_null().get(is_whole);
  return error == simdjson::SUCCESS && is_whole ? std::nullopt : BrokenJson(simdjson::N_ATOM_ERROR);
}

Fault ReadView(json::value& value, absl::string_view path, absl::string_view& result) {
  if (!Is(value, json::json_type::string)) {
    return WrongType(path, "a string", value);
  }
  std::string_view text;
  if (const simdjson::error_code error = value.get_string().get(text)) {
    return BrokenJson(error);
  }
  result = View(text);
  return std::nullopt;
}

Fault ReadString(json::value& value, absl::string_view path, std::string& result) {
  absl::string_view text;
  RETURN_IF_FAULT(ReadView(value, path, text));
  result.assign(text.data(), text.size());
  return std::nullopt;
}

Fault ReadBool(json::value& value, absl::string_view path, bool& result) {
  if (!Is(value, json::json_type::boolean)) {
    return WrongType(path, "true or false", value);
  }
  const simdjson::error_code error = value.get_bool().get(result);
  return error == simdjson::SUCCESS ? std::nullopt : BrokenJson(error);
}

namespace {

// The text of a number; `wanted` names it in the refusal of anything else.
Fault ReadNumber(json::value& value, absl::string_view path, absl::string_view wanted,
                 absl::string_view& result) {
  if (Is(value, json::json_type::string)) {
    absl::string_view text;
    RETURN_IF_FAULT(ReadView(value, path, text));
    return Malformed(absl::StrCat("\"", path, "\" must be ", wanted,
                                  " without quotes, but is the string \"", Excerpt(text), "\"."));
  }
  if (!Is(value, json::json_type::number)) {
    return WrongType(path, wanted, value);
  }
  result = absl::StripAsciiWhitespace(View(value.raw_json_token()));
  if (!IsJsonNumber(result)) {
    return Malformed(
        absl::StrCat("\"", path, "\" is not a number that JSON has: ", Excerpt(result), "."));
  }
  return std::nullopt;
}

}  // namespace

Fault ReadCount(json::value& value, absl::string_view path, int64_t& result) {
  absl::string_view number;
  RETURN_IF_FAULT(ReadNumber(value, path, "an integer", number));
  if (number.find_first_of(".eE") != absl::string_view::npos) {
    return Malformed(absl::StrCat("\"", path,
                                  "\" must be an integer without a fraction or exponent, such as "
                                  "8400, but is ",
                                  Excerpt(number), "."));
  }
  const absl::StatusOr<int64_t> count = ScaledJsonNumber(number, 0);
  if (!count.ok()) {
    return Refuse(pb::REFUSAL_CODE_TOKENS_OUT_OF_RANGE,
                  absl::StrCat("\"", path, "\" is ", Excerpt(number),
                               ": more than any call can use; check its unit."));
  }
  result = *count;
  return std::nullopt;
}

Fault ReadAmount(json::value& value, absl::string_view path, std::string& result) {
  if (Is(value, json::json_type::string)) {
    return ReadString(value, path, result);
  }
  absl::string_view number;
  RETURN_IF_FAULT(ReadNumber(value, path, "an amount in USD", number));
  result.assign(number.data(), number.size());
  return std::nullopt;
}

Fault ReadMillis(json::value& value, absl::string_view path, int64_t& result_us) {
  absl::string_view number;
  RETURN_IF_FAULT(ReadNumber(value, path, "a number of milliseconds", number));
  const absl::StatusOr<int64_t> duration_us = ScaledJsonNumber(number, 3);
  if (!duration_us.ok()) {
    return Refuse(pb::REFUSAL_CODE_DURATION_OUT_OF_RANGE,
                  absl::StrCat("\"", path, "\" is ", Excerpt(number),
                               ": longer than any call; give milliseconds."));
  }
  result_us = *duration_us;
  return std::nullopt;
}

Fault ReadRaw(json::value& value, absl::string_view path, absl::string_view wanted,
              std::string& result) {
  std::string_view raw;
  simdjson::error_code error = simdjson::SUCCESS;
  if (json::object object; Is(value, json::json_type::object)) {
    error = value.get_object().get(object);
    error = error == simdjson::SUCCESS ? object.raw_json().get(raw) : error;
  } else if (json::array array; Is(value, json::json_type::array)) {
    error = value.get_array().get(array);
    error = error == simdjson::SUCCESS ? array.raw_json().get(raw) : error;
  } else {
    return WrongType(path, wanted, value);
  }
  if (error != simdjson::SUCCESS) {
    return BrokenJson(error);
  }
  result = std::string(absl::StripAsciiWhitespace(View(raw)));
  return std::nullopt;
}

Fault ReadTime(json::value& value, absl::string_view path, int64_t& result_us) {
  constexpr char kWanted[] = "an RFC 3339 time such as \"2026-11-01T00:00:00.123Z\"";
  if (!Is(value, json::json_type::string)) {
    return WrongType(path, kWanted, value);
  }
  absl::string_view text;
  RETURN_IF_FAULT(ReadView(value, path, text));
  constexpr size_t kDateBytes = 10;  // ParseTime would read a date alone as its midnight.
  const absl::StatusOr<int64_t> time_us = ParseTime(text);
  if (time_us.ok() && text.size() > kDateBytes) {
    result_us = *time_us;
    return std::nullopt;
  }
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
    return Refuse(pb::REFUSAL_CODE_TIME_OUT_OF_RANGE,
                  absl::StrCat("\"", path, "\" is ", Excerpt(text),
                               ": only times from 1970 until 2200 can be stored."));
  }
  return Malformed(
      absl::StrCat("\"", path, "\" must be ", kWanted, ", but is \"", Excerpt(text), "\"."));
}

Fault OpenObject(json::value& value, absl::string_view path, absl::string_view wanted,
                 json::object& object) {
  if (!Is(value, json::json_type::object)) {
    return WrongType(path, wanted, value);
  }
  const simdjson::error_code error = value.get_object().get(object);
  return error == simdjson::SUCCESS ? std::nullopt : BrokenJson(error);
}

Fault OpenArray(json::value& value, absl::string_view path, absl::string_view wanted,
                json::array& array) {
  if (!Is(value, json::json_type::array)) {
    return WrongType(path, wanted, value);
  }
  const simdjson::error_code error = value.get_array().get(array);
  return error == simdjson::SUCCESS ? std::nullopt : BrokenJson(error);
}

}  // namespace itemized::text
