// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a provider or a gateway says that it charged.

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/base/money.h"
#include "storage/usage_shapes/context_rules.h"

namespace itemized {

// Returns the amount of the first of `rules` that tells one; nothing if none does. A part of a
// pico-dollar, as floating point leaves it behind, is rounded.
std::optional<Picos> ReportedCost(const std::vector<Rule>& rules, const RuleContext& context);

// Returns an amount in USD as somebody wrote it, from 0 to 10^21, with or without an exponent;
// nothing if `text` is none. A part of a pico-dollar is rounded.
std::optional<Picos> ParseReportedCost(absl::string_view text);

}  // namespace itemized
