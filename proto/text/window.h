// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options that say which time a question is about.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "itemized/v1/query.pb.h"

namespace itemized::text {

// The window as somebody gave it; what is not given is "".
struct WindowArguments {
  std::string window = {};  // "30d"
  std::string from = {};    // RFC 3339 or a date.
  std::string to = {};
  std::string tz = {};  // IANA name.
  std::string as_known_at = {};
};

inline constexpr char kDefaultWindow[] = "30d";

// The zone of that name; UTC for "". Errors: INVALID_ARGUMENT.
absl::StatusOr<absl::TimeZone> FindZone(const std::string& name);

// A date in `zone` or an RFC 3339 time, in microseconds since 1970-01-01 UTC.
// Errors: INVALID_ARGUMENT with a sentence that names the option.
absl::StatusOr<int64_t> ParseInstant(absl::string_view option, const std::string& text,
                                     absl::TimeZone zone);

// What to ask the server for. Without any option the last 30 days; `from`
// without `to` ends now. Errors: INVALID_ARGUMENT with a sentence, in which
// `dashes` stands before the names of options.
absl::StatusOr<v1::WindowSpec> ToWindowSpec(const WindowArguments& arguments, absl::TimeZone zone,
                                            int64_t now_us, absl::string_view dashes = "--");

}  // namespace itemized::text
