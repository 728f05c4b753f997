// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions turn the parameters of a GET request into the question that they ask. The
// parameters are those of the commands of the same name. All errors are INVALID_ARGUMENT with a
// sentence.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/query.pb.h"
#include "itemized/v1/rates.pb.h"

#include "server/http/parameters.h"

namespace itemized::server {

// Takes by, window, from, to, tz, limit, and the filter: step, model, workflow, provider and
// attribute=KEY=VALUE, which may come several times.
absl::StatusOr<itemized::v1::GetTopRequest> ToTopRequest(Parameters parameters, int64_t now_us);
// Takes window, from, to, tz.
absl::StatusOr<itemized::v1::GetWorkflowsRequest> ToWorkflowsRequest(Parameters parameters,
                                                                     int64_t now_us);
// Takes limit and page_token. The last part of the path names the run.
absl::StatusOr<itemized::v1::RepriceRequest> ToRepriceRequest(Parameters parameters);
absl::StatusOr<itemized::v1::UndoRepricingRequest> ToUndoRequest(Parameters parameters);
absl::StatusOr<itemized::v1::GetRunRequest> ToRunRequest(absl::string_view workflow_id,
                                                         Parameters parameters);
// Takes every (1h or 1d), by, window, from, to, tz, and the filter.
absl::StatusOr<itemized::v1::GetSeriesRequest> ToSeriesRequest(Parameters parameters,
                                                               int64_t now_us);
// Takes window, from, to, tz, limit, sort (newest or cost), and the filter.
absl::StatusOr<itemized::v1::GetOutliersRequest> ToOutliersRequest(Parameters parameters,
                                                                   int64_t now_us);
// Takes step or workflow, window, from, to, tz.
absl::StatusOr<itemized::v1::GetDistributionRequest> ToDistributionRequest(Parameters parameters,
                                                                           int64_t now_us);

// Takes workflow_id.
absl::StatusOr<itemized::v1::GetSpansRequest> ToSpansRequest(Parameters parameters, int64_t now_us);

// Takes event_id and workflow_id.
absl::StatusOr<itemized::v1::ExplainCallRequest> ToExplainRequest(Parameters parameters,
                                                                  int64_t now_us);
// Takes window, from, to, tz.
absl::StatusOr<itemized::v1::GetMissingRatesRequest> ToMissingRatesRequest(Parameters parameters,
                                                                           int64_t now_us);

// Takes bundled (true or false).
absl::StatusOr<itemized::v1::ListRatesRequest> ToListRatesRequest(Parameters parameters);

}  // namespace itemized::server
