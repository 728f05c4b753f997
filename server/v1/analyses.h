// SPDX-License-Identifier: Apache-2.0
#pragma once

// The methods of itemized.v1.AnalysisService, as server/v1/methods.h has those of the others.

#include "absl/status/statusor.h"
#include "itemized/v1/analysis.pb.h"

#include "server/api/principal.h"
#include "storage/base/cancellation.h"
#include "storage/database/database.h"

namespace itemized::server {

absl::StatusOr<itemized::v1::AdviseResponse> Advise(const Principal& principal,
                                                    const Database& database,
                                                    const itemized::v1::AdviseRequest& request,
                                                    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::CompareResponse> Compare(const Principal& principal,
                                                      const Database& database,
                                                      const itemized::v1::CompareRequest& request,
                                                      const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetWastedResponse> GetWasted(
    const Principal& principal, const Database& database,
    const itemized::v1::GetWastedRequest& request, const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::WhatIfResponse> WhatIf(const Principal& principal,
                                                    const Database& database,
                                                    const itemized::v1::WhatIfRequest& request,
                                                    const Cancellation* cancellation);

}  // namespace itemized::server
