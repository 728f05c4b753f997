// SPDX-License-Identifier: Apache-2.0
#include "client/rates/json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "simdjson.h"

#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

constexpr int kDepthMax = 64;

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

error_code Read(ondemand::value in, int depth, JsonValue* out);

error_code ReadArray(ondemand::value in, int depth, JsonValue* out) {
  ondemand::array array;
  if (const error_code error = in.get_array().get(array)) {
    return error;
  }
  out->kind = JsonValue::Kind::kArray;
  for (auto element : array) {
    ondemand::value value;
    if (const error_code error = element.get(value)) {
      return error;
    }
    if (const error_code error = Read(value, depth + 1, &out->items.emplace_back())) {
      return error;
    }
  }
  return simdjson::SUCCESS;
}

error_code ReadObject(ondemand::value in, int depth, JsonValue* out) {
  ondemand::object object;
  if (const error_code error = in.get_object().get(object)) {
    return error;
  }
  out->kind = JsonValue::Kind::kObject;
  for (auto member : object) {
    ondemand::field field;
    if (const error_code error = std::move(member).get(field)) {
      return error;
    }
    std::string_view name;
    if (const error_code error = field.unescaped_key().get(name)) {
      return error;
    }
    JsonMember& added = out->members.emplace_back(JsonMember{std::string(name), {}});
    if (const error_code error = Read(field.value(), depth + 1, &added.value)) {
      return error;
    }
  }
  return simdjson::SUCCESS;
}

error_code ReadNumber(ondemand::value in, JsonValue* out) {
  out->kind = JsonValue::Kind::kNumber;
  out->text = std::string(absl::StripAsciiWhitespace(View(in.raw_json_token())));
  double only_to_validate = 0;
  return in.get_double().get(only_to_validate);
}

error_code ReadString(ondemand::value in, JsonValue* out) {
  std::string_view text;
  const error_code error = in.get_string().get(text);
  out->kind = JsonValue::Kind::kString;
  out->text = std::string(text);
  return error;
}

error_code ReadNull(ondemand::value in) {
  bool is_null = false;
  if (const error_code error = in.is_null().get(is_null)) {
    return error;
  }
  return is_null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
}

error_code Read(ondemand::value in, int depth, JsonValue* out) {
  if (depth > kDepthMax) {
    return simdjson::DEPTH_ERROR;
  }
  ondemand::json_type type{};
  if (const error_code error = in.type().get(type)) {
    return error;
  }
  switch (type) {
    case ondemand::json_type::array:
      return ReadArray(in, depth, out);
    case ondemand::json_type::object:
      return ReadObject(in, depth, out);
    case ondemand::json_type::number:
      return ReadNumber(in, out);
    case ondemand::json_type::string:
      return ReadString(in, out);
    case ondemand::json_type::boolean:
      out->kind = JsonValue::Kind::kBool;
      return in.get_bool().get(out->truth);
    case ondemand::json_type::null:
      return ReadNull(in);
  }
  return simdjson::TAPE_ERROR;
}

// A lone number or word is of no use to any caller, so it is not looked at.
error_code ReadRootScalar(JsonValue* out) {
  *out = JsonValue{};
  return simdjson::SUCCESS;
}

error_code ReadDocument(ondemand::document& document, JsonValue* out) {
  ondemand::value root;
  if (const error_code error = document.get_value().get(root)) {
    return error == simdjson::SCALAR_DOCUMENT_AS_VALUE ? ReadRootScalar(out) : error;
  }
  if (const error_code error = Read(root, 0, out)) {
    return error;
  }
  const char* rest = nullptr;
  const bool at_end = document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

int64_t LineAt(absl::string_view text, size_t at) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n');
}

std::string Where(ondemand::document& document, const simdjson::padded_string& text) {
  const char* at = nullptr;
  if (document.current_location().get(at) != simdjson::SUCCESS) {
    return " at its end";
  }
  return absl::StrCat(" near line ", 1 + std::count(text.data(), at, '\n'));
}

absl::Status Broken(absl::string_view what, error_code error, absl::string_view where) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is not valid JSON", where, ": ",
                   absl::StripSuffix(simdjson::error_message(error), "."), "."));
}

absl::Status CheckSize(absl::string_view what, absl::string_view text) {
  int depth = 0;
  size_t values = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    values += c == ',' || c == '[' || c == '{' ? 1 : 0;
    if (depth > kDepthMax || values > kJsonValuesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " is not valid JSON for this purpose near line ", LineAt(text, i),
                       depth > kDepthMax ? ": it nests too deep; give at most "
                                         : ": it has too many values; give at most ",
                       depth > kDepthMax ? kDepthMax : kJsonValuesMax, "."));
    }
  }
  return absl::OkStatus();
}

// Refuses texts that are no JSON at the first glance, and those that would take too much memory to
// look at closer.
absl::Status CheckText(absl::string_view what, absl::string_view text) {
  if (absl::StripAsciiWhitespace(text).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is empty, which is not valid JSON; give one with content."));
  }
  const size_t nul = text.find('\0');
  if (absl::StartsWith(text, "\xff\xfe") || absl::StartsWith(text, "\xfe\xff")) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is in UTF-16, which is not valid JSON; save it as UTF-8."));
  }
  if (nul != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is not valid JSON near line ", LineAt(text, nul),
                     ": there is a zero byte; save it as text in UTF-8."));
  }
  return CheckSize(what, text);
}

}  // namespace

const JsonValue* JsonValue::Find(absl::string_view name) const {
  const auto found = std::find_if(members.rbegin(), members.rend(),
                                  [&](const JsonMember& member) { return member.name == name; });
  return found == members.rend() ? nullptr : &found->value;
}

absl::StatusOr<JsonValue> ParseJson(absl::string_view text, absl::string_view what) {
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  RETURN_IF_ERROR(CheckText(what, text));
  const simdjson::padded_string padded(text.data(), text.size());
  ondemand::parser parser;
  ondemand::document document;
  if (const error_code error = parser.iterate(padded).get(document)) {
    return Broken(what, error, "");
  }
  JsonValue root;
  if (const error_code error = ReadDocument(document, &root)) {
    return Broken(what, error, Where(document, padded));
  }
  return root;
}

std::string RepeatedName(const JsonValue& object) {
  std::set<absl::string_view> seen;
  for (const JsonMember& member : object.members) {
    if (!seen.insert(member.name).second) {
      return member.name;
    }
  }
  return "";
}

}  // namespace itemized::client
