// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "itemized/v1/analysis.pb.h"

#include "server/http/api.h"
#include "server/http/parameters.h"
#include "server/http/router.h"

namespace itemized::server {

// Adds the paths of the questions of itemized.v1.AnalysisService.
void AddAnalyses(const HttpApiContext& context, Router* router);

// Takes before and after (both FROM..TO, or both KEY=VALUE), by, limit, window, from, to, tz and
// the filter. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<itemized::v1::CompareRequest> ToCompareRequest(Parameters parameters,
                                                              int64_t now_us);
// Takes by, window, from, to, tz, limit, and the filter. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<itemized::v1::GetWastedRequest> ToWastedRequest(Parameters parameters,
                                                               int64_t now_us);

// Takes window, from, to, tz, limit, and the filter. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<itemized::v1::AdviseRequest> ToAdviseRequest(Parameters parameters, int64_t now_us);

// Takes change, which may come several times, in its order (proto/text/change.h), and window, from,
// to, tz, and the filter.
absl::StatusOr<itemized::v1::WhatIfRequest> ToWhatIfRequest(Parameters parameters, int64_t now_us);

}  // namespace itemized::server
