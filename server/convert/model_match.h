// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

#include "storage/pricing/model_match.h"

namespace itemized::server {

// Returns which models the message at `where` in the request is for. INVALID_ARGUMENT if it does
// not say; the match itself is not checked.
absl::StatusOr<ModelMatch> ToMatch(const std::string& where, const itemized::v1::ModelMatch& from);

itemized::v1::ModelMatch FromMatch(const ModelMatch& from);

}  // namespace itemized::server
