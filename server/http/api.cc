// SPDX-License-Identifier: Apache-2.0
#include "server/http/api.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "google/protobuf/util/json_util.h"
#include "proto/text/json.h"

#include "server/http/events.h"
#include "server/http/metrics.h"
#include "server/http/questions.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

absl::StatusOr<HttpResponse> Json(const google::protobuf::Message& message) {
  HttpResponse response;
  ASSIGN_OR_RETURN(response.body, text::ToJson(message, text::JsonLayout::kOneLine));
  response.body += "\n";
  return response;
}

// A handler that answers with `answer(request)`, a StatusOr<HttpResponse>, from a
// thread of the pool.
template <typename Answer>
HttpHandler OnPool(WorkerPool& pool, Answer answer) {
  return [&pool, answer = std::move(answer)](HttpRequest request, const Respond& respond) {
    const bool added = pool.Add([answer, request = std::move(request), respond] {
      absl::StatusOr<HttpResponse> response = answer(request);
      respond(response.ok() ? *std::move(response) : HttpError(response.status()));
    });
    if (!added) {
      respond(HttpError(
          absl::ResourceExhaustedError("Too many questions wait for an answer; ask again later.")));
    }
  };
}

// Answers a question made by `read(parameters, now_us)` with `answer(database, question)`.
template <typename Read, typename Answer>
HttpHandler Ask(const HttpApiContext& context, Read read, Answer answer) {
  const auto handle = [context, read,
                       answer](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
    ASSIGN_OR_RETURN(Parameters parameters, Parameters::Parse(request.query));
    ASSIGN_OR_RETURN(const auto question, read(std::move(parameters), context.clock.NowUs()));
    ASSIGN_OR_RETURN(const auto response, answer(context.database, question));
    return Json(response);
  };
  return OnPool(context.pool, handle);
}

constexpr char kRunsPath[] = "/api/v1/runs/";

absl::StatusOr<HttpResponse> AnswerRun(const HttpApiContext& context, const HttpRequest& request) {
  ASSIGN_OR_RETURN(Parameters parameters, Parameters::Parse(request.query));
  const absl::string_view workflow_id =
      absl::string_view(request.path).substr(sizeof(kRunsPath) - 1);
  ASSIGN_OR_RETURN(const pb::GetRunRequest question,
                   ToRunRequest(workflow_id, std::move(parameters)));
  ASSIGN_OR_RETURN(const pb::GetRunResponse response, GetRun(context.database, question));
  return Json(response);
}

absl::Status NoParameters(const HttpRequest& request) {
  ASSIGN_OR_RETURN(const Parameters parameters, Parameters::Parse(request.query));
  return parameters.Finish();
}

absl::StatusOr<HttpResponse> AnswerSetRates(const HttpApiContext& context,
                                            const HttpRequest& request) {
  RETURN_IF_ERROR(NoParameters(request));
  if (!absl::StartsWithIgnoreCase(request.Header("content-type"), "application/json")) {
    return HttpError(415, "Send the rates as application/json.");
  }
  pb::SetRatesRequest rates;
  google::protobuf::util::JsonParseOptions options;
  const auto parsed = google::protobuf::util::JsonStringToMessage(request.body, &rates, options);
  if (!parsed.ok()) {
    return HttpError(400,
                     "The body is not a SetRatesRequest in protobuf's JSON mapping, such as "
                     "{\"rates\":[{\"match\":{\"equals\":\"MODEL\"},\"prices\":"
                     "{\"input\":\"3.00\",\"output\":\"15.00\"}}]}.");
  }
  ASSIGN_OR_RETURN(const pb::SetRatesResponse response, SetRates(context.database, rates));
  return Json(response);
}

void AddQuestions(const HttpApiContext& context, Router* router) {
  router->Handle("GET", "/api/v1/top", Ask(context, ToTopRequest, GetTop));
  router->Handle("GET", "/api/v1/workflows", Ask(context, ToWorkflowsRequest, GetWorkflows));
  router->Handle("GET", "/api/v1/series", Ask(context, ToSeriesRequest, GetSeries));
  router->Handle("GET", "/api/v1/outliers", Ask(context, ToOutliersRequest, GetOutliers));
  router->Handle("GET", "/api/v1/distribution",
                 Ask(context, ToDistributionRequest, GetDistribution));
  router->Handle("GET", kRunsPath, OnPool(context.pool, [context](const HttpRequest& request) {
                   return AnswerRun(context, request);
                 }));
}

}  // namespace

void AddApi(const HttpApiContext& context, Router* router) {
  AddQuestions(context, router);
  router->Handle(
      "GET", "/api/v1/rates",
      OnPool(context.pool, [context](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
        RETURN_IF_ERROR(NoParameters(request));
        return Json(ListRates(context.database));
      }));
  router->Handle("POST", "/api/v1/rates",
                 OnPool(context.pool, [context](const HttpRequest& request) {
                   return AnswerSetRates(context, request);
                 }));
  router->Handle(
      "GET", "/api/v1/info",
      OnPool(context.pool, [context](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
        RETURN_IF_ERROR(NoParameters(request));
        return Json(GetServerInfo(context.database, context.facts));
      }));
  router->Handle(
      "GET", "/metrics",
      OnPool(context.pool, [context](const HttpRequest&) -> absl::StatusOr<HttpResponse> {
        HttpResponse response;
        response.content_type = kMetricsContentType;
        ASSIGN_OR_RETURN(response.body, WriteMetrics(context.database, context.facts));
        return response;
      }));
  router->Handle("POST", "/api/v1/events", [context](HttpRequest request, const Respond& respond) {
    PostEvents(context.pool, context.queue, std::move(request), respond);
  });
}

}  // namespace itemized::server
