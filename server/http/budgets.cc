// SPDX-License-Identifier: Apache-2.0
#include "server/http/budgets.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/json_util.h"
#include "proto/text/json.h"

#include "server/http/body_coding.h"
#include "server/http/http_limits.h"
#include "server/http/parameters.h"
#include "server/http/principal.h"
#include "server/v1/budget_methods.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

constexpr char kPath[] = "/api/v1/budgets";
// A message and its JSON take this many times its bytes while that is written.
constexpr int64_t kJsonFactor = 8;

absl::StatusOr<HttpResponse> Json(MemoryBudget& memory, const google::protobuf::Message& message) {
  const auto charge = memory.Take(kJsonFactor * static_cast<int64_t>(message.ByteSizeLong()));
  if (!charge.has_value()) {
    return absl::ResourceExhaustedError(
        "The server has no memory left for this answer; ask again a little later.");
  }
  HttpResponse response;
  ASSIGN_OR_RETURN(response.body, text::ToJson(message, text::JsonLayout::kOneLine));
  response.body += "\n";
  return response;
}

absl::StatusOr<HttpResponse> AnswerList(const HttpApiContext& context, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const Parameters parameters, Parameters::Parse(request.query));
  RETURN_IF_ERROR(parameters.Finish());
  ASSIGN_OR_RETURN(const pb::ListBudgetsResponse budgets,
                   ListBudgets(PrincipalOf(request), context.budgets, request.cancellation.get()));
  return Json(context.memory, budgets);
}

absl::StatusOr<HttpResponse> AnswerSet(const HttpApiContext& context, HttpRequest request) {
  if (std::optional<HttpResponse> refusal = DecodeBody(request, HttpLimits().body_bytes)) {
    return *std::move(refusal);
  }
  if (!absl::StartsWithIgnoreCase(request.Header("content-type"), "application/json")) {
    return HttpError(415, "Send the budget as application/json.");
  }
  ASSIGN_OR_RETURN(const Parameters parameters, Parameters::Parse(request.query));
  RETURN_IF_ERROR(parameters.Finish());
  pb::SetBudgetRequest change;
  if (!google::protobuf::util::JsonStringToMessage(request.body, change.mutable_budget()).ok()) {
    return absl::InvalidArgumentError(
        "The body is not a budget, such as {\"name\":\"all\",\"amount_usd\":\"100\","
        "\"per\":\"month\",\"thresholds\":[50,80,100]}.");
  }
  ASSIGN_OR_RETURN(
      const pb::SetBudgetResponse response,
      SetBudget(PrincipalOf(request), context.budgets, change, request.cancellation.get()));
  return Json(context.memory, response);
}

absl::StatusOr<HttpResponse> AnswerRemove(const HttpApiContext& context,
                                          const HttpRequest& request) {
  ASSIGN_OR_RETURN(Parameters parameters, Parameters::Parse(request.query));
  pb::RemoveBudgetRequest change;
  change.set_name(parameters.Take("name"));
  RETURN_IF_ERROR(parameters.Finish());
  ASSIGN_OR_RETURN(const pb::RemoveBudgetResponse response,
                   RemoveBudget(PrincipalOf(request), context.budgets, change));
  return Json(context.memory, response);
}

// Makes a handler that answers with `answer(context, request)` from a thread of the pool, unless
// nobody waits for the answer any more by then.
template <typename Answer>
HttpHandler OnPool(WorkerPool& pool, const HttpApiContext& context, Answer answer) {
  return [&pool, context, answer](HttpRequest request, const Respond& respond) {
    const bool added = pool.Add([context, answer, request = std::move(request), respond] {
      const absl::Status wanted = CheckNotCancelled(request.cancellation.get());
      absl::StatusOr<HttpResponse> response =
          wanted.ok() ? answer(context, request) : absl::StatusOr<HttpResponse>(wanted);
      respond(response.ok() ? *std::move(response) : HttpError(response.status()));
    });
    if (!added) {
      respond(HttpError(TooManyWaiting()));
    }
  };
}

}  // namespace

std::string WriteBudgetMetrics(const HttpApiContext& context, const HttpRequest& request) {
  const std::vector<BudgetState> budgets = context.budgets.ListKnown(PrincipalOf(request));
  std::string amounts =
      "# HELP itemized_budget_amount_usd What may be spent in a period.\n"
      "# TYPE itemized_budget_amount_usd gauge\n";
  std::string spent =
      "# HELP itemized_budget_spent_usd What was spent in the present period, as last measured.\n"
      "# TYPE itemized_budget_spent_usd gauge\n";
  for (const BudgetState& state : budgets) {
    const std::string label = absl::StrCat(
        "{budget=\"",
        absl::StrReplaceAll(state.budget.name, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
        "\"} ");
    absl::StrAppend(&amounts, "itemized_budget_amount_usd", label, FormatUsd(state.budget.amount),
                    "\n");
    if (state.spent.has_value()) {
      absl::StrAppend(&spent, "itemized_budget_spent_usd", label, FormatUsd(*state.spent), "\n");
    }
  }
  return budgets.empty() ? "" : amounts + spent;
}

void AddBudgets(const HttpApiContext& context, Router* router) {
  router->Handle("GET", kPath, OnPool(context.pools.scans, context, AnswerList));
  router->Handle("POST", kPath, OnPool(context.pools.rates, context, AnswerSet));
  router->Handle("DELETE", kPath, OnPool(context.pools.rates, context, AnswerRemove));
}

}  // namespace itemized::server
