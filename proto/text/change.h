// SPDX-License-Identifier: Apache-2.0
#pragma once

// Changes to a step, as the options of `itemize what-if` and the parameters of the HTTP API name
// them:
//
//   model      STEP=MODEL, or STEP=PROVIDER/MODEL
//   gate       STEP, or STEP:skip=SHARE,cost=USD,setup=USD with any of the three
//   cap-input  STEP=TOKENS
//   cache      STEP=SHARE
//   batch      STEP
//   drop       STEP
//
// The name of a step may have "=" and ":" in it: the last "=" ends it, and in a gate the last ":"
// that only skip, cost and setup follow. A name that itself ends like that is followed by one more
// ":", as in "a:skip=0.5:".

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/analysis.pb.h"

namespace itemized::text {

// The kinds of change, in the order above.
const std::vector<std::string>& ChangeKinds();

// Reads a change of the kind `kind`. INVALID_ARGUMENT with a sentence about `text`.
absl::StatusOr<v1::StepChange> ParseChange(absl::string_view kind, absl::string_view text);

// Reads "KIND:" and a change of that kind. INVALID_ARGUMENT with a sentence.
absl::StatusOr<v1::StepChange> ParseChange(absl::string_view text);

// Returns a change as an option: "--gate doc_synthesis:skip=0.61,cost=0.00004". ParseChange reads
// what follows the kind.
std::string ChangeText(const v1::StepChange& change);

}  // namespace itemized::text
