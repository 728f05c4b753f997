// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "itemized/v1/rates.pb.h"

#include "storage/pricing/model_match.h"

namespace itemized::client {

// The expression that stands for any model: it is in every name.
inline constexpr char kAnyModelRegex[] = "^";

// Returns the form that storage has of a match. A match that is not set becomes an empty name.
ModelMatch ToModelMatch(const v1::ModelMatch& match);

// Returns a line that identifies the match, such as "gpt-5*" (ModelMatch::ToString); "*" for any
// model.
std::string DescribeMatch(const v1::ModelMatch& match);

}  // namespace itemized::client
