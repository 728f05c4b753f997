// SPDX-License-Identifier: Apache-2.0
#pragma once

// This folder has the messages of itemized.v1 as people write and read them: JSON lines, JSON,
// windows and filters. Servers and clients share it, and it uses neither.

// The messages as JSON for people, scripts and the page, with the names of the proto
// files:
//
//   calls 12          a number, of integers below 2^53 only
//   cost_usd "0.147"  money is a string, so that no reader rounds it
//   outcome "open"    enums in their short form
//
// A string that is "" and a field that is not set are absent; but the `key` of a row is
// always there, as are zeros, false and empty lists.

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "google/protobuf/message.h"

namespace itemized::text {

enum class JsonLayout : uint8_t { kOneLine, kIndented };

// The message as JSON, which ends in a line feed if it is indented. OUT_OF_RANGE names a count
// from 2^53 up: readers of JSON would round it.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, JsonLayout layout);

// A message whose list `list` is written element by element, indented:
//
//   JsonListWriter writer(out, head, "calls");
//   RETURN_IF_ERROR(writer.Begin());
//   RETURN_IF_ERROR(writer.Add(call));  // As often as there are elements.
//   writer.End();
//
// After an error the output is not complete.
class JsonListWriter {
 public:
  // `list` is a repeated message; what `head` has in it is left out. Both outlive it.
  JsonListWriter(std::ostream& out, const google::protobuf::Message& head, absl::string_view list);

  absl::Status Begin();
  absl::Status Add(const google::protobuf::Message& element);
  void End();

 private:
  std::ostream& out_;
  const google::protobuf::Message& head_;
  const google::protobuf::FieldDescriptor* const list_;
  std::string rest_;  // What the head has behind the list.
  size_t added_ = 0;
};

// The short form of an enum's value: "conflict" of REFUSAL_CODE_CONFLICT; its number if
// this build does not know it. "" for the value that says nothing, except that an
// outcome is "open" then.
std::string EnumText(const google::protobuf::EnumDescriptor& type, int number);

template <typename Enum>
std::string EnumText(Enum value) {
  return EnumText(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

// `text` as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD; what could steer a
// terminal is written as an escape.
std::string JsonString(absl::string_view text);

}  // namespace itemized::text
