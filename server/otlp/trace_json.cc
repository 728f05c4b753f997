// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/trace_json.h"

#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "simdjson.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace dom = simdjson::dom;

// How deep a request may nest. What is deeper than kConvertedDepthMax is nothing that is read, and
// left out.
constexpr size_t kDepthMax = 65'536;
constexpr int kConvertedDepthMax = 32;

enum class Type : uint8_t { kMessage, kText, kHex, kFixed64, kWhole, kFraction, kTruth };

struct Message;

// A field of a message: its name in JSON, its number and type. A list has the type of its elements.
struct Field {
  absl::string_view name;
  uint32_t number;
  Type type;
  const Message* message = nullptr;
};

struct Message {
  const Field* fields;
  size_t count;
};

template <size_t kCount>
constexpr Message Of(const Field (&fields)[kCount]) {
  return {fields, kCount};
}

// The fields of opentelemetry-proto that are read.
extern const Message kAnyValue;
const Field kArrayFields[] = {{"values", 1, Type::kMessage, &kAnyValue}};
const Message kArray = Of(kArrayFields);
const Field kAnyValueFields[] = {{"stringValue", 1, Type::kText},
                                 {"boolValue", 2, Type::kTruth},
                                 {"intValue", 3, Type::kWhole},
                                 {"doubleValue", 4, Type::kFraction},
                                 {"arrayValue", 5, Type::kMessage, &kArray}};
const Message kAnyValue = Of(kAnyValueFields);
const Field kKeyValueFields[] = {{"key", 1, Type::kText}, {"value", 2, Type::kMessage, &kAnyValue}};
const Message kKeyValue = Of(kKeyValueFields);
const Field kStatusFields[] = {{"code", 3, Type::kWhole}};
const Message kStatus = Of(kStatusFields);
const Field kSpanFields[] = {{"traceId", 1, Type::kHex},
                             {"spanId", 2, Type::kHex},
                             {"parentSpanId", 4, Type::kHex},
                             {"name", 5, Type::kText},
                             {"startTimeUnixNano", 7, Type::kFixed64},
                             {"endTimeUnixNano", 8, Type::kFixed64},
                             {"attributes", 9, Type::kMessage, &kKeyValue},
                             {"status", 15, Type::kMessage, &kStatus}};
const Message kSpan = Of(kSpanFields);
const Field kScopeFields[] = {{"name", 1, Type::kText}};
const Message kScope = Of(kScopeFields);
const Field kScopeSpansFields[] = {{"scope", 1, Type::kMessage, &kScope},
                                   {"spans", 2, Type::kMessage, &kSpan}};
const Message kScopeSpans = Of(kScopeSpansFields);
const Field kResourceFields[] = {{"attributes", 1, Type::kMessage, &kKeyValue}};
const Message kResource = Of(kResourceFields);
const Field kResourceSpansFields[] = {{"resource", 1, Type::kMessage, &kResource},
                                      {"scopeSpans", 2, Type::kMessage, &kScopeSpans}};
const Message kResourceSpans = Of(kResourceSpansFields);
const Field kRequestFields[] = {{"resourceSpans", 1, Type::kMessage, &kResourceSpans}};
const Message kRequest = Of(kRequestFields);
const Field kLogRecordFields[] = {{"timeUnixNano", 1, Type::kFixed64},
                                  {"body", 5, Type::kMessage, &kAnyValue},
                                  {"attributes", 6, Type::kMessage, &kKeyValue},
                                  {"traceId", 9, Type::kHex},
                                  {"spanId", 10, Type::kHex},
                                  {"observedTimeUnixNano", 11, Type::kFixed64},
                                  {"eventName", 12, Type::kText}};
const Message kLogRecord = Of(kLogRecordFields);
const Field kScopeLogsFields[] = {{"scope", 1, Type::kMessage, &kScope},
                                  {"logRecords", 2, Type::kMessage, &kLogRecord}};
const Message kScopeLogs = Of(kScopeLogsFields);
const Field kResourceLogsFields[] = {{"resource", 1, Type::kMessage, &kResource},
                                     {"scopeLogs", 2, Type::kMessage, &kScopeLogs}};
const Message kResourceLogs = Of(kResourceLogsFields);
const Field kLogsRequestFields[] = {{"resourceLogs", 1, Type::kMessage, &kResourceLogs}};
const Message kLogsRequest = Of(kLogsRequestFields);

absl::string_view ToView(std::string_view text) {
  return {text.data(), text.size()};
}

constexpr uint32_t kVarint = 0;
constexpr uint32_t kFixed64 = 1;
constexpr uint32_t kBytes = 2;

void AppendTag(uint32_t number, uint32_t wire_type, std::string* out) {
  AppendVarint(out, number << 3 | wire_type);
}

void AppendFixed64(uint32_t number, uint64_t value, std::string* out) {
  AppendTag(number, kFixed64, out);
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out->append(bytes, sizeof(value));
}

void AppendBytes(uint32_t number, absl::string_view bytes, std::string* out) {
  AppendTag(number, kBytes, out);
  AppendSized(out, bytes);
}

// Numbers of 64 bits are texts or numbers. Negative ones are two's complement.
std::optional<uint64_t> ToWhole(dom::element value) {
  uint64_t number = 0;
  int64_t negative = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) {
    return number;
  }
  if (value.get(negative) == simdjson::SUCCESS) {
    return static_cast<uint64_t>(negative);
  }
  if (value.get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  if (absl::SimpleAtoi(ToView(text), &number)) {
    return number;
  }
  return absl::SimpleAtoi(ToView(text), &negative) ? std::optional(static_cast<uint64_t>(negative))
                                                   : std::nullopt;
}

std::optional<double> ToFraction(dom::element value) {
  double number = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) {
    return number;
  }
  const bool is_text = value.get(text) == simdjson::SUCCESS;
  return is_text && absl::SimpleAtod(ToView(text), &number) ? std::optional(number) : std::nullopt;
}

// What is no id stays as it is, and is refused as an id of a wrong length.
std::string FromHex(absl::string_view text) {
  const bool is_hex =
      text.size() % 2 == 0 && std::all_of(text.begin(), text.end(),
                                          [](unsigned char c) { return absl::ascii_isxdigit(c); });
  return is_hex ? absl::HexStringToBytes(text) : std::string(text);
}

class Converter {
 public:
  std::string Convert(dom::element source, const Message& message) {
    std::string out;
    dom::object object;
    const bool is_too_deep = depth_ == kConvertedDepthMax;
    if (!is_too_deep && source.get(object) == simdjson::SUCCESS) {
      ++depth_;
      for (const dom::key_value_pair member : object) {
        if (const Field* field = Find(ToView(member.key), message)) {
          AppendAll(member.value, *field, &out);
        }
      }
      --depth_;
    }
    return out;
  }

 private:
  static const Field* Find(absl::string_view name, const Message& message) {
    for (size_t i = 0; i < message.count; ++i) {
      if (message.fields[i].name == name) {
        return &message.fields[i];
      }
    }
    return nullptr;
  }

  void AppendAll(dom::element value, const Field& field, std::string* out) {
    dom::array list;
    if (value.get(list) != simdjson::SUCCESS) {
      return Append(value, field, out);
    }
    for (const dom::element element : list) {
      Append(element, field, out);
    }
  }

  void Append(dom::element value, const Field& field, std::string* out) {
    std::string_view text;
    bool truth = false;
    switch (field.type) {
      case Type::kMessage:
        return AppendBytes(field.number, Convert(value, *field.message), out);
      case Type::kText:
      case Type::kHex:
        if (value.get(text) == simdjson::SUCCESS) {
          const bool is_hex = field.type == Type::kHex;
          AppendBytes(field.number, is_hex ? FromHex(ToView(text)) : std::string(text), out);
        }
        return;
      case Type::kFixed64:
        if (const std::optional<uint64_t> number = ToWhole(value)) {
          AppendFixed64(field.number, *number, out);
        }
        return;
      case Type::kWhole:
        if (const std::optional<uint64_t> number = ToWhole(value)) {
          AppendTag(field.number, kVarint, out);
          AppendVarint(out, *number);
        }
        return;
      case Type::kFraction:
        if (const std::optional<double> number = ToFraction(value)) {
          uint64_t raw = 0;
          std::memcpy(&raw, &*number, sizeof(raw));
          AppendFixed64(field.number, raw, out);
        }
        return;
      case Type::kTruth:
        if (value.get(truth) == simdjson::SUCCESS) {
          AppendTag(field.number, kVarint, out);
          AppendVarint(out, truth ? 1 : 0);
        }
        return;
    }
  }

  int depth_ = 0;
};

absl::StatusOr<std::string> ToWire(absl::string_view json, const Message& message) {
  dom::parser parser;
  if (parser.allocate(json.size(), kDepthMax) != simdjson::SUCCESS) {
    return absl::ResourceExhaustedError("There is no memory to read the request.");
  }
  dom::element request;
  const simdjson::error_code error = parser.parse(json.data(), json.size()).get(request);
  if (error == simdjson::DEPTH_ERROR) {
    return absl::InvalidArgumentError(
        "The request nests more than 65,536 deep; send what an OTLP exporter sends.");
  }
  if (error != simdjson::SUCCESS || !request.is_object()) {
    return absl::InvalidArgumentError(
        "The request is no JSON object; send what an OTLP exporter sends.");
  }
  return Converter().Convert(request, message);
}

}  // namespace

absl::StatusOr<std::string> TraceJsonToWire(absl::string_view json) {
  return ToWire(json, kRequest);
}

absl::StatusOr<std::string> LogsJsonToWire(absl::string_view json) {
  return ToWire(json, kLogsRequest);
}

}  // namespace itemized::server
