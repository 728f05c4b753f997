// SPDX-License-Identifier: Apache-2.0
#include "proto/text/window.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::text {

absl::StatusOr<absl::TimeZone> FindZone(const std::string& name) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (!name.empty() && !absl::LoadTimeZone(name, &zone)) {
    return absl::InvalidArgumentError(absl::StrCat("There is no time zone \"", name,
                                                   "\": give an IANA name such as Europe/Berlin."));
  }
  return zone;
}

absl::StatusOr<int64_t> ParseInstant(absl::string_view option, const std::string& text,
                                     absl::TimeZone zone) {
  absl::StatusOr<int64_t> time_us = ParseTime(text, zone);
  if (!time_us.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option,
                     " must be a date such as 2026-11-01 or a time such as "
                     "2026-11-01T09:30:00Z, but is \"",
                     text, "\"."));
  }
  return time_us;
}

namespace {

// Reads the range alone.
absl::StatusOr<v1::WindowSpec> ToRange(const WindowArguments& arguments, absl::TimeZone zone,
                                       int64_t now_us, absl::string_view dashes) {
  const auto fault = [dashes](absl::string_view sentence) {
    return absl::InvalidArgumentError(absl::StrReplaceAll(sentence, {{"--", dashes}}));
  };
  v1::WindowSpec spec;
  if (arguments.from.empty()) {
    if (!arguments.to.empty()) {
      return fault("--to needs --from: say where the window starts.");
    }
    const std::string& length = arguments.window.empty() ? kDefaultWindow : arguments.window;
    const absl::StatusOr<int64_t> last_us = ParseSpan(length);
    if (!last_us.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          dashes, "window must be a length such as 90m, 24h, 30d or 4w, but is \"", length, "\"."));
    }
    spec.set_last_us(*last_us);
    return spec;
  }
  if (!arguments.window.empty()) {
    return fault("--window and --from exclude each other: give one of them.");
  }
  ASSIGN_OR_RETURN(const int64_t start_us,
                   ParseInstant(absl::StrCat(dashes, "from"), arguments.from, zone));
  int64_t end_us = now_us;
  if (!arguments.to.empty()) {
    ASSIGN_OR_RETURN(end_us, ParseInstant(absl::StrCat(dashes, "to"), arguments.to, zone));
  }
  if (end_us <= start_us) {
    return fault(arguments.to.empty() ? "--from is in the future: nothing is there yet."
                                      : "--to must be after --from, for it is exclusive.");
  }
  spec.set_start_unix_us(start_us);
  spec.set_end_unix_us(end_us);
  return spec;
}

}  // namespace

absl::StatusOr<v1::WindowSpec> ToWindowSpec(const WindowArguments& arguments, absl::TimeZone zone,
                                            int64_t now_us, absl::string_view dashes) {
  if (arguments.as_known_at.empty()) {
    return ToRange(arguments, zone, now_us, dashes);
  }
  const std::string option = dashes.empty() ? "as_known_at" : absl::StrCat(dashes, "as-known-at");
  ASSIGN_OR_RETURN(const int64_t known_us, ParseInstant(option, arguments.as_known_at, zone));
  if (known_us > now_us) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, " is in the future: give an instant that has passed."));
  }
  ASSIGN_OR_RETURN(v1::WindowSpec spec, ToRange(arguments, zone, known_us, dashes));
  spec.set_as_known_at_unix_us(known_us);
  return spec;
}

}  // namespace itemized::text
