// SPDX-License-Identifier: Apache-2.0
#pragma once

// Questions about how prices come about, and their answers.

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

#include "storage/query/query_types.h"

namespace itemized::server {

absl::StatusOr<ExplainQuery> ToExplainQuery(const itemized::v1::ExplainCallRequest& request);
itemized::v1::ExplainCallResponse ToExplainResponse(const ExplainAnswer& answer);

itemized::v1::GetMissingRatesResponse ToMissingRatesResponse(const MissingRatesAnswer& answer);

}  // namespace itemized::server
