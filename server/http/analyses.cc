// SPDX-License-Identifier: Apache-2.0
#include "server/http/analyses.h"

#include <utility>

#include "proto/text/change.h"
#include "proto/text/compare.h"
#include "proto/text/window.h"

#include "server/convert/query_requests.h"
#include "server/http/answering.h"
#include "server/http/question_parameters.h"
#include "server/v1/analyses.h"
#include "storage/base/status_macros.h"

namespace itemized::server {

namespace pb = itemized::v1;

absl::StatusOr<pb::CompareRequest> ToCompareRequest(Parameters parameters, int64_t now_us) {
  text::CompareArguments sides;
  sides.before = parameters.Take("before");
  sides.after = parameters.Take("after");
  sides.window = TakeWindowArguments(parameters);
  ASSIGN_OR_RETURN(const absl::TimeZone zone, ToTimeZone(sides.window.tz));
  RETURN_IF_ERROR(TakeFilter(parameters, &sides.filter));
  ASSIGN_OR_RETURN(pb::CompareRequest request, text::ToCompareRequest(sides, zone, now_us, ""));
  pb::GroupBy by = pb::GROUP_BY_STEP;
  std::string attribute_key;
  RETURN_IF_ERROR(TakeGroup(parameters, &by, &attribute_key));
  request.set_by(by);
  ASSIGN_OR_RETURN(const int32_t limit, TakeLimit(parameters));
  request.set_limit(limit);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::GetWastedRequest> ToWastedRequest(Parameters parameters, int64_t now_us) {
  return ToRankingRequest<pb::GetWastedRequest>(std::move(parameters), now_us);
}

absl::StatusOr<pb::WhatIfRequest> ToWhatIfRequest(Parameters parameters, int64_t now_us) {
  pb::WhatIfRequest request;
  RETURN_IF_ERROR(TakeWindow(parameters, now_us, request.mutable_window()));
  RETURN_IF_ERROR(TakeFilter(parameters, request.mutable_filter()));
  for (const std::string& change : parameters.TakeAll("change")) {
    ASSIGN_OR_RETURN(*request.add_changes(), text::ParseChange(change));
  }
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

absl::StatusOr<pb::AdviseRequest> ToAdviseRequest(Parameters parameters, int64_t now_us) {
  pb::AdviseRequest request;
  RETURN_IF_ERROR(TakeWindow(parameters, now_us, request.mutable_window()));
  RETURN_IF_ERROR(TakeFilter(parameters, request.mutable_filter()));
  ASSIGN_OR_RETURN(const int32_t limit, TakeLimit(parameters));
  request.set_limit(limit);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

void AddAnalyses(const HttpApiContext& context, Router* router) {
  WorkerPool& scans = context.pools.scans;
  router->Handle("GET", "/api/v1/advise", OnPool(scans, Ask(context, ToAdviseRequest, Advise)));
  router->Handle("GET", "/api/v1/compare", OnPool(scans, Ask(context, ToCompareRequest, Compare)));
  router->Handle("GET", "/api/v1/wasted", OnPool(scans, Ask(context, ToWastedRequest, GetWasted)));
  router->Handle("GET", "/api/v1/what-if", OnPool(scans, Ask(context, ToWhatIfRequest, WhatIf)));
}

}  // namespace itemized::server
