// SPDX-License-Identifier: Apache-2.0
#pragma once

// JSON of answers that are put together here and are no message of itemized.v1. It looks as
// proto/text/json.h makes of messages: counts are numbers, money is text.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace itemized::cli {

// Writes one document, indented. Not thread-safe.
//
//   JsonWriter json;
//   json.BeginObject().Field("calls", 3).BeginArray("rows").String("a").End().End();
//   out << json.Take();
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& BeginObject(absl::string_view name);
  JsonWriter& BeginArray(absl::string_view name);
  JsonWriter& End();  // Ends what was begun last.

  JsonWriter& Field(absl::string_view name, int64_t number);
  JsonWriter& Field(absl::string_view name, absl::string_view text);
  // Writes a decimal as a number, such as a share.
  JsonWriter& Number(absl::string_view name, absl::string_view decimal);
  JsonWriter& Flag(absl::string_view name, bool value);
  JsonWriter& String(absl::string_view text);  // An element of an array.
  // Writes a field if `text` is not "".
  JsonWriter& Known(absl::string_view name, absl::string_view text);

  // Returns the document, which ends in a line feed.
  std::string Take();

 private:
  void Name(absl::string_view name);
  void Next();
  JsonWriter& Begin(char open, char close);

  std::string text_;
  std::string closing_;  // The signs that end what is open, the innermost last.
  bool is_first_ = true;
};

}  // namespace itemized::cli
