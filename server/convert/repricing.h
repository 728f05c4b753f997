// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions turn jobs that price earlier calls again, and what they would change, into
// messages.

#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

#include "storage/pricing/repricing_job.h"
#include "storage/query/query_types.h"

namespace itemized::server {

// INVALID_ARGUMENT names the field that is out of range.
absl::StatusOr<RepricingRequest> ToRepricingRequest(const itemized::v1::RepriceRequest& request);

itemized::v1::RepriceResponse ToRepriceResponse(const RepricingPreview& preview);
itemized::v1::RepriceResponse ToRepriceResponse(const RepricingJob& job);
itemized::v1::ListRepricingsResponse ToListRepricingsResponse(
    const std::vector<RepricingJob>& jobs);

}  // namespace itemized::server
