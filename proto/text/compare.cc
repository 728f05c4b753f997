// SPDX-License-Identifier: Apache-2.0
#include "proto/text/compare.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/text/question.h"

#include "storage/base/status_macros.h"

namespace itemized::text {
namespace {

constexpr char kForms[] =
    "give two windows such as 2026-10-01..2026-11-01 2026-11-01..2026-12-01, or two values such as "
    "release=41 release=42.";

bool IsValue(absl::string_view side) {
  return absl::StrContains(side, '=');
}

bool IsRange(absl::string_view side) {
  return !IsValue(side) && absl::StrContains(side, "..");
}

absl::StatusOr<v1::WindowSpec> ToRange(const std::string& side, const CompareArguments& arguments,
                                       absl::TimeZone zone, int64_t now_us,
                                       absl::string_view dashes) {
  const size_t dots = side.find("..");
  WindowArguments window;
  window.from = side.substr(0, dots);
  window.to = side.substr(dots + 2);
  window.as_known_at = arguments.window.as_known_at;
  if (window.from.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The window \"", side, "\" has no beginning; ", kForms));
  }
  absl::StatusOr<v1::WindowSpec> spec = ToWindowSpec(window, zone, now_us, dashes);
  if (spec.ok()) {
    return spec;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("The window \"", side, "\" cannot be read. ", spec.status().message()));
}

// Adds KEY=VALUE to the filter of a side.
absl::Status AddValue(const std::string& side, v1::CallFilter* filter) {
  const size_t sign = side.find('=');
  const std::string key = side.substr(0, sign);
  const std::string value = side.substr(sign + 1);
  if (key == "step") {
    filter->set_step(value);
  } else if (key == "model") {
    filter->set_model(value);
  } else if (key == "workflow") {
    filter->set_workflow(value);
  } else if (key == "provider") {
    filter->set_provider(value);
  } else {
    return AddAttribute(side, filter);
  }
  return absl::OkStatus();
}

absl::Status CompareRanges(const CompareArguments& arguments, absl::TimeZone zone, int64_t now_us,
                           absl::string_view dashes, v1::CompareRequest* request) {
  if (!arguments.window.window.empty() || !arguments.window.from.empty() ||
      !arguments.window.to.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("The windows say which time is compared; leave ",
                                                   dashes, "window, ", dashes, "from and ", dashes,
                                                   "to out."));
  }
  ASSIGN_OR_RETURN(*request->mutable_before()->mutable_window(),
                   ToRange(arguments.before, arguments, zone, now_us, dashes));
  ASSIGN_OR_RETURN(*request->mutable_after()->mutable_window(),
                   ToRange(arguments.after, arguments, zone, now_us, dashes));
  return absl::OkStatus();
}

absl::Status CompareValues(const CompareArguments& arguments, const v1::WindowSpec& window,
                           v1::CompareRequest* request) {
  *request->mutable_before()->mutable_window() = window;
  *request->mutable_after()->mutable_window() = window;
  if (arguments.before == arguments.after) {
    return absl::InvalidArgumentError(
        absl::StrCat("Both sides are \"", arguments.before, "\"; give two values."));
  }
  RETURN_IF_ERROR(AddValue(arguments.before, request->mutable_before()->mutable_filter()));
  return AddValue(arguments.after, request->mutable_after()->mutable_filter());
}

// Compares a window with the one of the same length before it.
void CompareWithBefore(v1::WindowSpec window, int64_t now_us, v1::CompareRequest* request) {
  if (window.last_us() != 0) {
    const int64_t end_us =
        window.as_known_at_unix_us() != 0 ? window.as_known_at_unix_us() : now_us;
    window.set_start_unix_us(end_us - window.last_us());
    window.set_end_unix_us(end_us);
    window.clear_last_us();
  }
  *request->mutable_after()->mutable_window() = window;
  const int64_t length_us = window.end_unix_us() - window.start_unix_us();
  window.set_end_unix_us(window.start_unix_us());
  window.set_start_unix_us(window.end_unix_us() - length_us);
  *request->mutable_before()->mutable_window() = window;
}

}  // namespace

absl::StatusOr<v1::CompareRequest> ToCompareRequest(const CompareArguments& arguments,
                                                    absl::TimeZone zone, int64_t now_us,
                                                    absl::string_view dashes) {
  v1::CompareRequest request;
  *request.mutable_before()->mutable_filter() = arguments.filter;
  *request.mutable_after()->mutable_filter() = arguments.filter;
  if (IsRange(arguments.before) && IsRange(arguments.after)) {
    RETURN_IF_ERROR(CompareRanges(arguments, zone, now_us, dashes, &request));
    return request;
  }
  ASSIGN_OR_RETURN(const v1::WindowSpec window,
                   ToWindowSpec(arguments.window, zone, now_us, dashes));
  if (IsValue(arguments.before) && IsValue(arguments.after)) {
    RETURN_IF_ERROR(CompareValues(arguments, window, &request));
    return request;
  }
  if (arguments.before.empty() && arguments.after.empty()) {
    CompareWithBefore(window, now_us, &request);
    return request;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", arguments.before, "\" and \"", arguments.after, "\" cannot be compared; ", kForms));
}

}  // namespace itemized::text
