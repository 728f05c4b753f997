// SPDX-License-Identifier: Apache-2.0
#include "client/cli/json_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"

#include "storage/base/check.h"

namespace itemized::cli {

void JsonWriter::Next() {
  if (!closing_.empty()) {
    absl::StrAppend(&text_, is_first_ ? "\n" : ",\n", std::string(2 * closing_.size(), ' '));
  }
  is_first_ = false;
}

void JsonWriter::Name(absl::string_view name) {
  Next();
  absl::StrAppend(&text_, text::JsonString(name), ": ");
}

JsonWriter& JsonWriter::Begin(char open, char close) {
  text_.push_back(open);
  closing_.push_back(close);
  is_first_ = true;
  return *this;
}

JsonWriter& JsonWriter::BeginObject() {
  Next();
  return Begin('{', '}');
}

JsonWriter& JsonWriter::BeginObject(absl::string_view name) {
  Name(name);
  return Begin('{', '}');
}

JsonWriter& JsonWriter::BeginArray(absl::string_view name) {
  Name(name);
  return Begin('[', ']');
}

JsonWriter& JsonWriter::End() {
  CHECK(!closing_.empty());
  const char close = closing_.back();
  closing_.pop_back();
  if (!is_first_) {
    absl::StrAppend(&text_, "\n", std::string(2 * closing_.size(), ' '));
  }
  text_.push_back(close);
  is_first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Field(absl::string_view name, int64_t number) {
  Name(name);
  absl::StrAppend(&text_, number);
  return *this;
}

JsonWriter& JsonWriter::Field(absl::string_view name, absl::string_view text) {
  Name(name);
  absl::StrAppend(&text_, text::JsonString(text));
  return *this;
}

JsonWriter& JsonWriter::Number(absl::string_view name, absl::string_view decimal) {
  Name(name);
  absl::StrAppend(&text_, decimal);
  return *this;
}

JsonWriter& JsonWriter::Flag(absl::string_view name, bool value) {
  Name(name);
  absl::StrAppend(&text_, value ? "true" : "false");
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view text) {
  Next();
  absl::StrAppend(&text_, text::JsonString(text));
  return *this;
}

JsonWriter& JsonWriter::Known(absl::string_view name, absl::string_view text) {
  return text.empty() ? *this : Field(name, text);
}

std::string JsonWriter::Take() {
  CHECK(closing_.empty());
  text_.push_back('\n');
  return std::move(text_);
}

}  // namespace itemized::cli
