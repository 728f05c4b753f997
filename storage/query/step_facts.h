// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/query/advise_types.h"
#include "storage/query/query_context.h"

namespace itemized {

// What was found of each step, by its name.
using FactsOfSteps = std::map<std::string, StepFacts>;

// Reads the log of `range`, and asks what is known of the range of the same length before it.
// `filter` outlives the call. Errors are those of a ranking with the filter.
absl::StatusOr<FactsOfSteps> GatherStepFacts(const QueryContext& context, TimeRange range,
                                             const CallFilter& filter,
                                             const Cancellation* cancellation);

}  // namespace itemized
