// SPDX-License-Identifier: Apache-2.0
#pragma once

// What changes would have saved, on the wire.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/analysis.pb.h"

#include "storage/query/what_if.h"

namespace itemized::server {

// INVALID_ARGUMENT with a sentence that says what to mend.
absl::StatusOr<WhatIfQuery> ToWhatIfQuery(const itemized::v1::WhatIfRequest& request);

// Returns a change as a message.
itemized::v1::StepChange ToChangeMessage(const StepChange& change);

// `answer` is that of `query`, which is that of a request.
itemized::v1::WhatIfResponse ToWhatIfResponse(const WhatIfAnswer& answer, const WhatIfQuery& query);

// Returns what a replay takes for granted and cannot check, in sentences; those alone that matter
// to this one.
std::vector<std::string> AssumptionsOf(const WhatIfAnswer& answer, const WhatIfQuery& query);

}  // namespace itemized::server
