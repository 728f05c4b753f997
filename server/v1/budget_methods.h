// SPDX-License-Identifier: Apache-2.0
#pragma once

// The methods of itemized.v1.BudgetService that have one answer, whichever protocol carries them.
// All functions are thread-safe. Errors are those that the service documents, before their
// translation to gRPC's, and that of the cancellation, which may be null.

#include "absl/status/statusor.h"
#include "itemized/v1/budgets.pb.h"

#include "server/api/principal.h"
#include "server/budgets/budgets.h"
#include "storage/base/cancellation.h"

namespace itemized::server {

absl::StatusOr<itemized::v1::SetBudgetResponse> SetBudget(
    const Principal& principal, Budgets& budgets, const itemized::v1::SetBudgetRequest& request,
    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::RemoveBudgetResponse> RemoveBudget(
    const Principal& principal, Budgets& budgets, const itemized::v1::RemoveBudgetRequest& request);
absl::StatusOr<itemized::v1::ListBudgetsResponse> ListBudgets(
    const Principal& principal, Budgets& budgets, const Cancellation* cancellation = nullptr);

}  // namespace itemized::server
