// SPDX-License-Identifier: Apache-2.0
#pragma once

// The persisted bytes of budgets and their crossings (storage/FORMAT.md, "Budgets").

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/budgets/budget.h"
#include "storage/budgets/crossing.h"

namespace itemized {

// Both kinds of note have keys of so many bytes. No other note has, so that none is taken for one.
inline constexpr size_t kBudgetKeyBytes = 35;
inline constexpr char kBudgetPrefix[] = "itemized.budgets/b/";
inline constexpr char kCrossingsPrefix[] = "itemized.budgets/c/";

// Returns the keys of the two notes of the budget of that name.
std::string BudgetKey(absl::string_view name);
std::string CrossingsKey(absl::string_view name);

std::string EncodeBudget(const Budget& budget);
std::string EncodeCrossings(const std::vector<Crossing>& crossings);

// Returns what names a crossing of the budget of that name to whoever receives it more than once:
// 32 hexadecimal digits.
std::string CrossingId(absl::string_view budget, const Crossing& crossing);

// Read what the functions above returned. DATA_LOSS if it is malformed.
absl::StatusOr<Budget> DecodeBudget(absl::string_view bytes);
absl::StatusOr<std::vector<Crossing>> DecodeCrossings(absl::string_view bytes);

}  // namespace itemized
