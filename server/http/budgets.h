// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "server/http/api.h"
#include "server/http/router.h"

namespace itemized::server {

// Adds /api/v1/budgets: GET lists them, POST sets the one that the body is, and DELETE removes the
// one whose name is a parameter.
void AddBudgets(const HttpApiContext& context, Router* router);

// Writes what each budget is and what was spent of it, as last measured, as metrics for Prometheus;
// nothing if there are none.
std::string WriteBudgetMetrics(const HttpApiContext& context, const HttpRequest& request);

}  // namespace itemized::server
