// SPDX-License-Identifier: Apache-2.0
#include "proto/text/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "itemized/v1/event.pb.h"

#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::text {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Neighbouring integers from here on have the same double, which is what most readers of JSON
// keep.
constexpr uint64_t kCountEnd = uint64_t{1} << 53;

// The shortest text that is read as `value` again: 100000 rather than 1e+05, unless it
// would be long.
std::string DoubleText(double value) {
  const double size = std::fabs(value);
  const bool is_plain = size == 0 || (size >= 1e-6 && size < 1e17);
  std::array<char, 48> text;  // More than either form of any double has.
  const std::to_chars_result end =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  CHECK(end.ec == std::errc());
  return std::string(text.data(), end.ptr);
}

// Writes messages to a string; the first count that is too large ends it.
class Printer {
 public:
  // `depth`: of the line that the message begins on.
  Printer(JsonLayout layout, size_t depth) : indented_(layout == JsonLayout::kIndented) {
    depth_ = depth;
  }

  // `open_list`, if any, is a list of `message` that stays empty and without its end.
  absl::Status Print(const Message& message, const FieldDescriptor* open_list = nullptr) {
    Open('{');
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      if (!IsThere(message, field)) {
        continue;
      }
      Name(field.name());
      if (&field == open_list) {
        json_ += '[';
        open_at_ = json_.size();
        continue;
      }
      RETURN_IF_ERROR(Field(message, field));
    }
    Close('}');
    return absl::OkStatus();
  }

  std::string Take() { return std::move(json_); }
  size_t open_at() const { return open_at_; }  // The bracket of the open list ends here.

 private:
  static bool IsThere(const Message& message, const FieldDescriptor& field) {
    const Reflection& values = *message.GetReflection();
    if (field.is_repeated()) {
      return true;
    }
    if (field.has_presence() && !values.HasField(message, &field)) {
      return false;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return field.name() == "key" || !values.GetString(message, &field).empty();
      case FieldDescriptor::CPPTYPE_ENUM:
        return !EnumText(*field.enum_type(), values.GetEnumValue(message, &field)).empty();
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return std::isfinite(values.GetDouble(message, &field));
      default:
        return true;
    }
  }

  absl::Status Field(const Message& message, const FieldDescriptor& field) {
    if (field.is_map()) {
      return Map(message, field);
    }
    if (!field.is_repeated()) {
      return Value(message, field, -1);
    }
    Open('[');
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
      Separate();
      RETURN_IF_ERROR(Value(message, field, i));
    }
    Close(']');
    return absl::OkStatus();
  }

  // Keys rise, so that equal maps have equal JSON.
  absl::Status Map(const Message& message, const FieldDescriptor& field) {
    const FieldDescriptor& key = *field.message_type()->map_key();
    const FieldDescriptor& value = *field.message_type()->map_value();
    CHECK(key.cpp_type() == FieldDescriptor::CPPTYPE_STRING);
    const Reflection& values = *message.GetReflection();
    std::map<std::string, const Message*> entries;
    for (int i = 0; i < values.FieldSize(message, &field); ++i) {
      const Message& entry = values.GetRepeatedMessage(message, &field, i);
      entries[entry.GetReflection()->GetString(entry, &key)] = &entry;
    }
    Open('{');
    for (const auto& [name, entry] : entries) {
      Name(name);
      RETURN_IF_ERROR(Value(*entry, value, -1));
    }
    Close('}');
    return absl::OkStatus();
  }

  // Writes element `i` of a list, or a single field if `i` is -1.
  absl::Status Value(const Message& message, const FieldDescriptor& field, int i) {
    const Reflection& values = *message.GetReflection();
    const bool single = i < 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Print(single ? values.GetMessage(message, &field)
                            : values.GetRepeatedMessage(message, &field, i));
      case FieldDescriptor::CPPTYPE_STRING:
        return String(field, single ? values.GetString(message, &field)
                                    : values.GetRepeatedString(message, &field, i));
      case FieldDescriptor::CPPTYPE_ENUM:
        json_ += JsonString(
            EnumText(*field.enum_type(), single ? values.GetEnumValue(message, &field)
                                                : values.GetRepeatedEnumValue(message, &field, i)));
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_BOOL:
        json_ +=
            (single ? values.GetBool(message, &field) : values.GetRepeatedBool(message, &field, i))
                ? "true"
                : "false";
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_DOUBLE:
        json_ += DoubleText(single ? values.GetDouble(message, &field)
                                   : values.GetRepeatedDouble(message, &field, i));
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_UINT64:
        return Unsigned(field, single ? values.GetUInt64(message, &field)
                                      : values.GetRepeatedUInt64(message, &field, i));
      case FieldDescriptor::CPPTYPE_UINT32:
        return Unsigned(field, single ? values.GetUInt32(message, &field)
                                      : values.GetRepeatedUInt32(message, &field, i));
      case FieldDescriptor::CPPTYPE_INT64:
        return Signed(field, single ? values.GetInt64(message, &field)
                                    : values.GetRepeatedInt64(message, &field, i));
      case FieldDescriptor::CPPTYPE_INT32:
        return Signed(field, single ? values.GetInt32(message, &field)
                                    : values.GetRepeatedInt32(message, &field, i));
      case FieldDescriptor::CPPTYPE_FLOAT:
        break;
    }
    CHECK(false);  // No proto file has a float.
    return absl::OkStatus();
  }

  absl::Status String(const FieldDescriptor& field, const std::string& value) {
    json_ += field.type() == FieldDescriptor::TYPE_BYTES ? JsonString(absl::Base64Escape(value))
                                                         : JsonString(value);
    return absl::OkStatus();
  }

  absl::Status Unsigned(const FieldDescriptor& field, uint64_t value) {
    if (value >= kCountEnd) {
      return TooLarge(field, absl::StrCat(value));
    }
    absl::StrAppend(&json_, value);
    return absl::OkStatus();
  }

  absl::Status Signed(const FieldDescriptor& field, int64_t value) {
    const auto end = static_cast<int64_t>(kCountEnd);
    if (value >= end || value <= -end) {
      return TooLarge(field, absl::StrCat(value));
    }
    absl::StrAppend(&json_, value);
    return absl::OkStatus();
  }

  static absl::Status TooLarge(const FieldDescriptor& field, const std::string& value) {
    return absl::OutOfRangeError(absl::StrCat(
        "The answer's ", field.name(), " is ", value,
        ", and JSON keeps integers below 2^53 exactly: ask over gRPC, or for a shorter window."));
  }

  void Open(char bracket) {
    json_ += bracket;
    ++depth_;
    is_first_ = true;
  }

  void Close(char bracket) {
    --depth_;
    if (!is_first_) {
      NewLine();
    }
    json_ += bracket;
    is_first_ = false;
  }

  void Separate() {
    json_ += is_first_ ? "" : ",";
    is_first_ = false;
    NewLine();
  }

  void Name(absl::string_view name) {
    Separate();
    absl::StrAppend(&json_, JsonString(name), indented_ ? ": " : ":");
  }

  void NewLine() {
    if (indented_) {
      json_ += '\n';
      json_.append(depth_, ' ');
    }
  }

  const bool indented_;
  size_t depth_;
  bool is_first_ = true;  // Nothing is in the innermost open bracket yet.
  size_t open_at_ = std::string::npos;
  std::string json_;
};

}  // namespace

absl::StatusOr<std::string> ToJson(const Message& message, JsonLayout layout) {
  Printer printer(layout, 0);
  RETURN_IF_ERROR(printer.Print(message));
  std::string json = printer.Take();
  if (layout == JsonLayout::kIndented) {
    json += '\n';
  }
  return json;
}

JsonListWriter::JsonListWriter(std::ostream& out, const Message& head, absl::string_view list)
    : out_(out), head_(head), list_(head.GetDescriptor()->FindFieldByName(std::string(list))) {
  CHECK(list_ != nullptr && list_->is_repeated());
}

absl::Status JsonListWriter::Begin() {
  Printer printer(JsonLayout::kIndented, 0);
  RETURN_IF_ERROR(printer.Print(head_, list_));
  const size_t open_at = printer.open_at();
  const std::string json = printer.Take();
  out_ << json.substr(0, open_at);
  rest_ = json.substr(open_at);
  return absl::OkStatus();
}

absl::Status JsonListWriter::Add(const Message& element) {
  constexpr size_t kDepth = 2;  // The message and its list are two.
  Printer printer(JsonLayout::kIndented, kDepth);
  RETURN_IF_ERROR(printer.Print(element));
  out_ << (added_++ == 0 ? "\n  " : ",\n  ") << printer.Take();
  return absl::OkStatus();
}

void JsonListWriter::End() {
  out_ << (added_ == 0 ? "]" : "\n ]") << rest_ << "\n";
}

std::string EnumText(const google::protobuf::EnumDescriptor& type, int number) {
  const google::protobuf::EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (value == nullptr) {
    return absl::StrCat(number);
  }
  if (number == 0) {
    return &type == itemized::v1::Outcome_descriptor() ? "open" : "";
  }
  // The names of values begin with that of their type: REFUSAL_CODE_ of RefusalCode.
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) {
      prefix += '_';
    }
    prefix += absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  CHECK(value->name().rfind(prefix + "_", 0) == 0);
  return absl::AsciiStrToLower(value->name().substr(prefix.size() + 1));
}

}  // namespace itemized::text
