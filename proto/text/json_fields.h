// SPDX-License-Identifier: Apache-2.0
#pragma once

// Typed readings of the values of one JSON line. Whatever is not of the wanted
// type becomes a sentence that names the field and says what to give.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "proto/text/ndjson.h"
#include "simdjson.h"

namespace itemized::text {

// Nothing, or why the line is refused.
using Fault = std::optional<LineRefusal>;

#define FAULT_CONCAT_INNER(a, b) a##b
#define FAULT_CONCAT(a, b) FAULT_CONCAT_INNER(a, b)
#define RETURN_IF_FAULT_IMPL(fault, expression) \
  do {                                          \
    Fault fault = (expression);                 \
    if (fault.has_value()) {                    \
      return fault;                             \
    }                                           \
  } while (false)

// Returns from the enclosing function if `expression` is a fault.
#define RETURN_IF_FAULT(expression) RETURN_IF_FAULT_IMPL(FAULT_CONCAT(fault_, __LINE__), expression)

Fault Refuse(pb::RefusalCode code, std::string message);
Fault Malformed(std::string message);
Fault BrokenJson(simdjson::error_code error);

// The beginning of `raw` that fits into a sentence; it is cut between characters.
std::string Excerpt(absl::string_view raw);

// Whether `value` is null, which says of an optional field that it is not there. It has
// been read then.
Fault TakeNull(simdjson::ondemand::value& value, bool& is_null);

// `path` names the field in sentences: "usage.input_tokens".
Fault ReadView(simdjson::ondemand::value& value, absl::string_view path,
               absl::string_view& result);  // It lives until the next line is read.
Fault ReadString(simdjson::ondemand::value& value, absl::string_view path, std::string& result);
Fault ReadBool(simdjson::ondemand::value& value, absl::string_view path, bool& result);
Fault ReadCount(simdjson::ondemand::value& value, absl::string_view path, int64_t& result);

// An amount of money: a number or a text, as it is written.
Fault ReadAmount(simdjson::ondemand::value& value, absl::string_view path, std::string& result);

// A number of milliseconds; what is finer than a microsecond is cut off.
Fault ReadMillis(simdjson::ondemand::value& value, absl::string_view path, int64_t& result_us);

// The text of an object or an array as it stands. What is in it has not been looked at.
Fault ReadRaw(simdjson::ondemand::value& value, absl::string_view path, absl::string_view wanted,
              std::string& result);

// An RFC 3339 time.
Fault ReadTime(simdjson::ondemand::value& value, absl::string_view path, int64_t& result_us);

// `wanted` names what is wanted: "an array of step names".
Fault OpenObject(simdjson::ondemand::value& value, absl::string_view path, absl::string_view wanted,
                 simdjson::ondemand::object& object);
Fault OpenArray(simdjson::ondemand::value& value, absl::string_view path, absl::string_view wanted,
                simdjson::ondemand::array& array);

// Calls `read(key, value)`, which returns a Fault, for each field of `object`.
template <typename Read>
Fault ReadFields(simdjson::ondemand::object& object, const Read& read) {
  for (auto member : object) {
    simdjson::ondemand::field field;
    if (const simdjson::error_code error = std::move(member).get(field)) {
      return BrokenJson(error);
    }
    std::string_view key;
    if (const simdjson::error_code error = field.unescaped_key().get(key)) {
      return BrokenJson(error);
    }
    RETURN_IF_FAULT(read(absl::string_view(key.data(), key.size()), field.value()));
  }
  return std::nullopt;
}

}  // namespace itemized::text
