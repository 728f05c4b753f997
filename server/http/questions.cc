// SPDX-License-Identifier: Apache-2.0
#include "server/http/questions.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/text/question.h"
#include "proto/text/window.h"

#include "server/convert/query_requests.h"
#include "server/http/question_parameters.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Leaves `*instant_us` as it was if there is no such parameter.
absl::Status TakeKnownAt(Parameters& parameters, int64_t* instant_us) {
  const std::string text = parameters.Take("as_known_at");
  if (!text.empty()) {
    ASSIGN_OR_RETURN(*instant_us, text::ParseInstant("as_known_at", text, absl::UTCTimeZone()));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TakeBool(Parameters& parameters, const char* name) {
  const std::string value = parameters.Take(name);
  if (value != "" && value != "true" && value != "false") {
    return absl::InvalidArgumentError(absl::StrCat(
        "The parameter ", name, " must be true or false, but is ", Quoted(value), "."));
  }
  return value == "true";
}

}  // namespace

absl::StatusOr<pb::GetTopRequest> ToTopRequest(Parameters parameters, int64_t now_us) {
  return ToRankingRequest<pb::GetTopRequest>(std::move(parameters), now_us);
}

absl::StatusOr<pb::GetWorkflowsRequest> ToWorkflowsRequest(Parameters parameters, int64_t now_us) {
  pb::GetWorkflowsRequest request;
  RETURN_IF_ERROR(TakeWindow(parameters, now_us, request.mutable_window()));
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::GetRunRequest> ToRunRequest(absl::string_view workflow_id,
                                               Parameters parameters) {
  pb::GetRunRequest request;
  ASSIGN_OR_RETURN(*request.mutable_workflow_id(), PercentDecode(workflow_id, false));
  ASSIGN_OR_RETURN(const int32_t limit, parameters.TakeNumber("limit", kRunCallsMax));
  request.set_limit(limit);
  request.set_page_token(parameters.Take("page_token"));
  int64_t known_us = 0;
  RETURN_IF_ERROR(TakeKnownAt(parameters, &known_us));
  request.set_as_known_at_unix_us(known_us);
  ASSIGN_OR_RETURN(const int32_t with_usage_reported,
                   parameters.TakeNumber("with_usage_reported", 1));
  request.set_with_usage_reported(with_usage_reported != 0);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::GetSeriesRequest> ToSeriesRequest(Parameters parameters, int64_t now_us) {
  pb::GetSeriesRequest request;
  RETURN_IF_ERROR(
      TakeWindow(parameters, now_us, request.mutable_window(), request.mutable_time_zone()));
  RETURN_IF_ERROR(TakeFilter(parameters, request.mutable_filter()));
  pb::GroupBy by = pb::GROUP_BY_UNSPECIFIED;
  RETURN_IF_ERROR(TakeGroup(parameters, &by, request.mutable_attribute_key()));
  request.set_by(by);
  const std::string every = parameters.Take("every");
  if (every != "" && every != "1h" && every != "1d") {
    return absl::InvalidArgumentError(
        absl::StrCat("The parameter every must be 1h or 1d, but is ", Quoted(every), "."));
  }
  request.set_every_us(every == "1h" ? kMicrosPerHour : kMicrosPerDay);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::GetOutliersRequest> ToOutliersRequest(Parameters parameters, int64_t now_us) {
  pb::GetOutliersRequest request;
  RETURN_IF_ERROR(TakeWindow(parameters, now_us, request.mutable_window()));
  RETURN_IF_ERROR(TakeFilter(parameters, request.mutable_filter()));
  ASSIGN_OR_RETURN(const int32_t limit, parameters.TakeNumber("limit", kOutliersMax));
  request.set_limit(limit);
  if (parameters.Has("sort")) {
    const std::string sort = parameters.Take("sort");
    pb::OutlierOrder order = pb::OUTLIER_ORDER_UNSPECIFIED;
    if (!text::ParseOutlierOrder(sort, &order)) {
      return absl::InvalidArgumentError(
          absl::StrCat("The parameter sort must be newest or cost, but is ", Quoted(sort), "."));
    }
    request.set_order(order);
  }
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::GetDistributionRequest> ToDistributionRequest(Parameters parameters,
                                                                 int64_t now_us) {
  pb::GetDistributionRequest request;
  RETURN_IF_ERROR(TakeWindow(parameters, now_us, request.mutable_window()));
  if (parameters.Has("step") == parameters.Has("workflow")) {
    return absl::InvalidArgumentError(
        "Give step, for what its calls cost, or workflow, for what its completed runs do.");
  }
  if (parameters.Has("step")) {
    request.set_step(parameters.Take("step"));
  } else {
    request.set_workflow(parameters.Take("workflow"));
  }
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::ExplainCallRequest> ToExplainRequest(Parameters parameters, int64_t /*now_us*/) {
  pb::ExplainCallRequest request;
  request.set_event_id(parameters.Take("event_id"));
  request.set_workflow_id(parameters.Take("workflow_id"));
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::GetSpansRequest> ToSpansRequest(Parameters parameters, int64_t /*now_us*/) {
  pb::GetSpansRequest request;
  request.set_workflow_id(parameters.Take("workflow_id"));
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::RepriceRequest> ToRepriceRequest(Parameters parameters) {
  pb::RepriceRequest request;
  const auto take = [&](const char* name) -> absl::StatusOr<int64_t> {
    const std::string text = parameters.Take(name);
    return text.empty() ? absl::StatusOr<int64_t>(0)
                        : text::ParseInstant(name, text, absl::UTCTimeZone());
  };
  ASSIGN_OR_RETURN(const int64_t start_us, take("from"));
  ASSIGN_OR_RETURN(const int64_t end_us, take("to"));
  request.set_start_unix_us(start_us);
  request.set_end_unix_us(end_us);
  if (parameters.Has("provider")) {
    request.set_provider(parameters.Take("provider"));
  }
  if (parameters.Has("model")) {
    request.set_model(parameters.Take("model"));
  }
  ASSIGN_OR_RETURN(const bool dry_run, TakeBool(parameters, "dry_run"));
  request.set_dry_run(dry_run);
  ASSIGN_OR_RETURN(const bool background, TakeBool(parameters, "background"));
  request.set_background(background);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::GetMissingRatesRequest> ToMissingRatesRequest(Parameters parameters,
                                                                 int64_t now_us) {
  pb::GetMissingRatesRequest request;
  RETURN_IF_ERROR(TakeWindow(parameters, now_us, request.mutable_window()));
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::UndoRepricingRequest> ToUndoRequest(Parameters parameters) {
  pb::UndoRepricingRequest request;
  int64_t id = 0;
  const std::string text = parameters.Take("id");
  if (!absl::SimpleAtoi(text, &id) || id <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The parameter id must be the number of a repricing, but is ", Quoted(text), "."));
  }
  request.set_id(id);
  ASSIGN_OR_RETURN(const bool background, TakeBool(parameters, "background"));
  request.set_background(background);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::ListRatesRequest> ToListRatesRequest(Parameters parameters) {
  pb::ListRatesRequest request;
  ASSIGN_OR_RETURN(const bool bundled, TakeBool(parameters, "bundled"));
  request.set_bundled(bundled);
  ASSIGN_OR_RETURN(const bool history, TakeBool(parameters, "history"));
  request.set_history(history);
  int64_t known_us = 0;
  RETURN_IF_ERROR(TakeKnownAt(parameters, &known_us));
  request.set_as_known_at_unix_us(known_us);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

}  // namespace itemized::server
