// SPDX-License-Identifier: Apache-2.0
#include "server/convert/query_requests.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "server/convert/page_token.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

absl::Status CheckName(absl::string_view field, absl::string_view name) {
  if (name.size() > kNameBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("The name in ", field, " has ", name.size(),
                                                   " bytes; give one of at most ", kNameBytesMax,
                                                   "."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLimit(int32_t limit) {
  if (limit < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("The limit is ", limit, "; give a number of rows, or 0 for the default."));
  }
  return absl::OkStatus();
}

namespace {

absl::StatusOr<Window> ToRange(const pb::WindowSpec& spec) {
  const TimeRange range{spec.start_unix_us(), spec.end_unix_us()};
  if (range.start_us < kTimeMinUs || range.end_us > kTimeMaxUs) {
    return absl::InvalidArgumentError(
        "The window must lie between 1970 and 2200; start_unix_us and end_unix_us are "
        "microseconds since 1970-01-01 UTC.");
  }
  if (range.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The window is empty: its end (", FormatTime(range.end_us),
                     ") must be after its start (", FormatTime(range.start_us), ")."));
  }
  return Window::Of(range);
}

}  // namespace

absl::StatusOr<GroupBy> ToGroupBy(pb::GroupBy by) {
  switch (by) {
    case pb::GROUP_BY_UNSPECIFIED:
    case pb::GROUP_BY_STEP:
      return GroupBy::kStep;
    case pb::GROUP_BY_MODEL:
      return GroupBy::kModel;
    case pb::GROUP_BY_WORKFLOW:
      return GroupBy::kWorkflow;
    case pb::GROUP_BY_PROVIDER:
      return GroupBy::kProvider;
    case pb::GROUP_BY_ATTRIBUTE:
      return GroupBy::kAttribute;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("The field by is ", static_cast<int>(by),
                       ", which this server does not know; group by step, model, workflow, "
                       "provider or attribute."));
  }
}

namespace {

absl::StatusOr<OutlierOrder> ToOrder(pb::OutlierOrder order) {
  switch (order) {
    case pb::OUTLIER_ORDER_UNSPECIFIED:
    case pb::OUTLIER_ORDER_NEWEST:
      return OutlierOrder::kNewest;
    case pb::OUTLIER_ORDER_COST:
      return OutlierOrder::kCost;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("The order is ", static_cast<int>(order),
                       ", which this server does not know; order by newest or cost."));
  }
}

}  // namespace

absl::Status CheckAttributeKey(bool by_attribute, absl::string_view key) {
  RETURN_IF_ERROR(CheckName("attribute_key", key));
  if (by_attribute && key.empty()) {
    return absl::InvalidArgumentError(
        "The attribute_key is empty; name the attribute to group by.");
  }
  if (!by_attribute && !key.empty()) {
    return absl::InvalidArgumentError(
        "The attribute_key is set, but by is not GROUP_BY_ATTRIBUTE; set both or neither.");
  }
  return absl::OkStatus();
}

absl::StatusOr<CallFilter> ToCallFilter(const pb::CallFilter& from) {
  CallFilter filter;
  const auto set = [&](NameKind kind, absl::string_view field, bool is_given,
                       const std::string& name) {
    if (is_given) {
      filter[kind] = name;
    }
    return CheckName(field, name);
  };
  RETURN_IF_ERROR(set(NameKind::kStep, "filter.step", from.has_step(), from.step()));
  RETURN_IF_ERROR(set(NameKind::kModel, "filter.model", from.has_model(), from.model()));
  RETURN_IF_ERROR(
      set(NameKind::kWorkflow, "filter.workflow", from.has_workflow(), from.workflow()));
  RETURN_IF_ERROR(
      set(NameKind::kProvider, "filter.provider", from.has_provider(), from.provider()));
  if (static_cast<size_t>(from.attributes_size()) > kAttributesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("The filter has ", from.attributes_size(),
                     " attributes; give fewer, since a call has at most ", kAttributesMax, "."));
  }
  for (const auto& [key, value] : from.attributes()) {
    RETURN_IF_ERROR(CheckName("a key of filter.attributes", key));
    RETURN_IF_ERROR(CheckName("a value of filter.attributes", value));
    filter.attributes.emplace_back(key, value);
  }
  return filter;
}

namespace {

// Reads the filter of a question that also has a step of its own, which is "" if it names none.
absl::StatusOr<CallFilter> ToFilter(const pb::CallFilter& from, const std::string& step) {
  ASSIGN_OR_RETURN(CallFilter filter, ToCallFilter(from));
  RETURN_IF_ERROR(CheckName("step", step));
  if (!step.empty()) {
    if (from.has_step() && from.step() != step) {
      return absl::InvalidArgumentError(
          "The fields step and filter.step differ; give one of them.");
    }
    filter[NameKind::kStep] = step;
  }
  return filter;
}

absl::Status CheckPoints(const Window& window, int64_t every_us) {
  const int64_t length =
      window.last_us.has_value() ? *window.last_us : window.range.end_us - window.range.start_us;
  if (length / every_us > kSeriesPointsMax) {
    return absl::InvalidArgumentError(absl::StrCat("The window has ", length / every_us,
                                                   " buckets; ask for at most ", kSeriesPointsMax,
                                                   ", with longer buckets or a shorter window."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> ToKnownAt(int64_t as_known_at_unix_us) {
  if (as_known_at_unix_us < 0 || as_known_at_unix_us > kTimeMaxUs) {
    return absl::InvalidArgumentError(
        "The field as_known_at_unix_us must lie between 1970 and 2200; give microseconds since "
        "1970-01-01 UTC, or 0 for the answer of today.");
  }
  return as_known_at_unix_us == 0 ? std::nullopt : std::optional(as_known_at_unix_us);
}

namespace {

absl::StatusOr<Window> ToTimes(const pb::WindowSpec& spec) {
  if (spec.last_us() < 0 || spec.last_us() > kLastMaxUs) {
    return absl::InvalidArgumentError(
        absl::StrCat("The field window.last_us is ", spec.last_us(),
                     "; give a positive number of microseconds, at most 50 years of them."));
  }
  if (spec.last_us() > 0) {
    return Window::Last(spec.last_us());
  }
  if (spec.start_unix_us() == 0 && spec.end_unix_us() == 0) {
    return Window::Last(kDefaultWindowUs);
  }
  return ToRange(spec);
}

}  // namespace

absl::StatusOr<Window> ToWindow(const pb::WindowSpec& spec) {
  ASSIGN_OR_RETURN(Window window, ToTimes(spec));
  ASSIGN_OR_RETURN(window.as_known_at_us, ToKnownAt(spec.as_known_at_unix_us()));
  return window;
}

absl::StatusOr<TopQuery> ToTopQuery(const pb::GetTopRequest& request) {
  return ToRankingQuery<TopQuery>(request);
}

absl::StatusOr<SeriesQuery> ToSeriesQuery(const pb::GetSeriesRequest& request) {
  SeriesQuery query;
  ASSIGN_OR_RETURN(query.window, ToWindow(request.window()));
  ASSIGN_OR_RETURN(query.zone, ToTimeZone(request.time_zone()));
  ASSIGN_OR_RETURN(query.filter, ToFilter(request.filter(), request.step()));
  if (request.by() != pb::GROUP_BY_UNSPECIFIED) {
    ASSIGN_OR_RETURN(query.by, ToGroupBy(request.by()));
  }
  RETURN_IF_ERROR(CheckAttributeKey(query.by == GroupBy::kAttribute, request.attribute_key()));
  query.attribute_key = request.attribute_key();
  if (request.every_us() != kMicrosPerHour && request.every_us() != kMicrosPerDay) {
    return absl::InvalidArgumentError(absl::StrCat("The field every_us is ", request.every_us(),
                                                   "; ask for hours (", kMicrosPerHour,
                                                   ") or days (", kMicrosPerDay, ")."));
  }
  RETURN_IF_ERROR(CheckPoints(query.window, request.every_us()));
  query.by_hour = request.every_us() == kMicrosPerHour;
  return query;
}

absl::StatusOr<OutliersQuery> ToOutliersQuery(const pb::GetOutliersRequest& request) {
  OutliersQuery query;
  ASSIGN_OR_RETURN(query.window, ToWindow(request.window()));
  RETURN_IF_ERROR(CheckLimit(request.limit()));
  ASSIGN_OR_RETURN(query.filter, ToFilter(request.filter(), request.step()));
  if (request.limit() > kOutliersMax) {
    return absl::InvalidArgumentError(absl::StrCat("The limit is ", request.limit(),
                                                   "; ask for at most ", kOutliersMax,
                                                   " outliers, in a shorter window if need be."));
  }
  query.limit = static_cast<size_t>(request.limit() == 0 ? kOutliersDefault : request.limit());
  ASSIGN_OR_RETURN(query.order, ToOrder(request.order()));
  return query;
}

absl::StatusOr<DistributionQuery> ToDistributionQuery(const pb::GetDistributionRequest& request) {
  DistributionQuery query;
  ASSIGN_OR_RETURN(query.window, ToWindow(request.window()));
  switch (request.of_case()) {
    case pb::GetDistributionRequest::kStep:
      query.name = request.step();
      break;
    case pb::GetDistributionRequest::kWorkflow:
      query.of = NameKind::kWorkflow;
      query.name = request.workflow();
      break;
    case pb::GetDistributionRequest::OF_NOT_SET:
      return absl::InvalidArgumentError(
          "Name a step, for what its calls cost, or a workflow, for what its completed runs do.");
  }
  RETURN_IF_ERROR(CheckName("step or workflow", query.name));
  return query;
}

absl::StatusOr<RunQuery> ToRunQuery(const pb::GetRunRequest& request) {
  if (request.workflow_id().empty()) {
    return absl::InvalidArgumentError("The workflow_id is empty; name the run to show.");
  }
  RETURN_IF_ERROR(CheckName("workflow_id", request.workflow_id()));
  RETURN_IF_ERROR(CheckLimit(request.limit()));
  if (request.limit() > kRunCallsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("The limit is ", request.limit(), "; a page has ", kRunCallsMax,
                     " calls at most, so ask for the next ones with next_page_token."));
  }
  RunQuery query{.workflow_id = request.workflow_id()};
  query.limit = static_cast<size_t>(request.limit() == 0 ? kRunCallsMax : request.limit());
  query.bytes_max = kRunBytesMax;
  ASSIGN_OR_RETURN(query.as_known_at_us, ToKnownAt(request.as_known_at_unix_us()));
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(query.after, ReadPageToken(request.workflow_id(), request.page_token()));
  }
  return query;
}

namespace {

// Abseil keeps every name that it was ever asked for, unknown ones too, so that
// clients could fill the memory with them. So it is asked only for files of the
// time zone database, each by one name: no dots, no empty part, nothing odd.
bool IsInstalled(absl::string_view zone) {
  const bool is_plain = std::all_of(zone.begin(), zone.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("/_+-", c);
  });
  if (!is_plain || zone[0] == '/' || absl::StrContains(zone, "//")) {
    return false;
  }
  const char* const directory = std::getenv("TZDIR");
  std::error_code error;  // What cannot be looked at is not installed.
  return std::filesystem::is_regular_file(
      absl::StrCat(directory != nullptr ? directory : "/usr/share/zoneinfo", "/", zone), error);
}

}  // namespace

absl::StatusOr<absl::TimeZone> ToTimeZone(absl::string_view name) {
  if (name.empty()) {
    return absl::UTCTimeZone();
  }
  absl::TimeZone zone;
  if (name.size() > kNameBytesMax || !IsInstalled(name) ||
      !absl::LoadTimeZone(std::string(name), &zone)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The time zone \"", name.substr(0, kNameBytesMax),
                     "\" is not known; give an IANA name such as \"Europe/Berlin\"."));
  }
  return zone;
}

}  // namespace itemized::server
