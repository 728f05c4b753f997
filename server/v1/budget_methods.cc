// SPDX-License-Identifier: Apache-2.0
#include "server/v1/budget_methods.h"

#include <string>
#include <utility>

#include "server/convert/budgets.h"
#include "storage/base/status_macros.h"

namespace itemized::server {

namespace pb = itemized::v1;

absl::StatusOr<pb::SetBudgetResponse> SetBudget(const Principal& principal, Budgets& budgets,
                                                const pb::SetBudgetRequest& request,
                                                const Cancellation* cancellation) {
  ASSIGN_OR_RETURN(Budget budget, ToBudget(request.budget()));
  ASSIGN_OR_RETURN(const SetBudgetResult result,
                   budgets.Set(principal, std::move(budget), cancellation));
  pb::SetBudgetResponse response;
  *response.mutable_status() = FromBudgetState(result.state);
  response.set_replaced(result.replaced);
  for (const std::string& warning : result.warnings) {
    response.add_warnings(warning);
  }
  return response;
}

absl::StatusOr<pb::RemoveBudgetResponse> RemoveBudget(const Principal& principal, Budgets& budgets,
                                                      const pb::RemoveBudgetRequest& request) {
  ASSIGN_OR_RETURN(const Budget removed, budgets.Remove(principal, request.name()));
  pb::RemoveBudgetResponse response;
  *response.mutable_removed() = FromBudget(removed);
  return response;
}

absl::StatusOr<pb::ListBudgetsResponse> ListBudgets(const Principal& principal, Budgets& budgets,
                                                    const Cancellation* cancellation) {
  ASSIGN_OR_RETURN(const std::vector<BudgetState> states, budgets.List(principal, cancellation));
  pb::ListBudgetsResponse response;
  for (const BudgetState& state : states) {
    *response.add_budgets() = FromBudgetState(state);
  }
  return response;
}

}  // namespace itemized::server
