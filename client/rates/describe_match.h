// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "itemized/v1/rates.pb.h"

#include "storage/pricing/model_match.h"

namespace itemized::client {

// The form that storage has of a match; one that is not set becomes an empty name.
ModelMatch ToModelMatch(const v1::ModelMatch& match);

// One line that identifies the match, as ModelMatch::ToString: "gpt-5*".
std::string DescribeMatch(const v1::ModelMatch& match);

}  // namespace itemized::client
