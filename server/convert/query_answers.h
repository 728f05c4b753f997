// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions turn answers of the database into answers on the wire.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "itemized/v1/query.pb.h"

#include "storage/model/call.h"
#include "storage/query/query_types.h"

namespace itemized::server {

// Shows at most `limit` rows, or all if it is 0.
itemized::v1::GetTopResponse ToTopResponse(const TopAnswer& answer, int32_t limit);
itemized::v1::GetWorkflowsResponse ToWorkflowsResponse(const WorkflowsAnswer& answer);
itemized::v1::GetRunResponse ToRunResponse(const RunAnswer& answer,
                                           bool with_usage_reported = false);

// Writes times in `zone`.
itemized::v1::GetSeriesResponse ToSeriesResponse(const SeriesAnswer& answer, absl::string_view step,
                                                 absl::TimeZone zone);

itemized::v1::GetDistributionResponse ToDistributionResponse(const DistributionAnswer& answer);
itemized::v1::GetOutliersResponse ToOutliersResponse(const OutliersAnswer& answer);

itemized::v1::BilledCall ToBilledCall(const BilledCall& billed);
itemized::v1::Usage ToUsage(const Usage& usage);

itemized::v1::Window ToWindowMessage(const TimeRange& range);

}  // namespace itemized::server
