// SPDX-License-Identifier: Apache-2.0
#pragma once

// Answers of the database to answers on the wire.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "itemized/v1/query.pb.h"

#include "storage/model/call.h"
#include "storage/query/query_types.h"

namespace itemized::server {

// What calls of a step are compared with now; null: rows are not steps.
using ThresholdOf = std::function<Threshold(absl::string_view step)>;

// At most `limit` rows; 0: all.
itemized::v1::GetTopResponse ToTopResponse(const TopAnswer& answer, int32_t limit,
                                           const ThresholdOf& threshold_of);
itemized::v1::GetWorkflowsResponse ToWorkflowsResponse(const WorkflowsAnswer& answer);
itemized::v1::GetRunResponse ToRunResponse(const RunAnswer& answer);

// Times are written in `zone`.
itemized::v1::GetSeriesResponse ToSeriesResponse(const SeriesAnswer& answer, absl::string_view step,
                                                 absl::TimeZone zone);

// `threshold`: of the step, unless it is a workflow's.
itemized::v1::GetDistributionResponse ToDistributionResponse(
    const DistributionAnswer& answer, const std::optional<Threshold>& threshold);

// Whether the output of a call's step was not used in its run.
using IsUnsurfaced = std::function<bool(const Call& call)>;
itemized::v1::GetOutliersResponse ToOutliersResponse(const OutliersAnswer& answer,
                                                     const IsUnsurfaced& is_unsurfaced);

itemized::v1::BilledCall ToBilledCall(const BilledCall& billed, bool unsurfaced);
itemized::v1::Usage ToUsage(const Usage& usage);

}  // namespace itemized::server
