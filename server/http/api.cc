// SPDX-License-Identifier: Apache-2.0
#include "server/http/api.h"

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "server/http/analyses.h"
#include "server/http/answering.h"
#include "server/http/body_coding.h"
#include "server/http/budgets.h"
#include "server/http/events.h"
#include "server/http/metrics.h"
#include "server/http/otlp.h"
#include "server/http/principal.h"
#include "server/http/questions.h"
#include "server/otlp/get_spans.h"
#include "server/v1/methods.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// A scan with all its helpers gets a tenth of what another busy thread gets.
constexpr int kQuestionNiceness = 10;
constexpr size_t kQuestionsWaiting = 64;
constexpr size_t kBodiesWaiting = 128;
constexpr size_t kOthersWaiting = 16;

// Tells whether the log has to be read for a ranking or series, since the rollups are by step,
// model, workflow or provider alone.
bool AsksTheLog(const HttpRequest& request) {
  const absl::StatusOr<Parameters> parsed = Parameters::Parse(request.query);
  if (!parsed.ok()) {
    return false;  // It will be refused.
  }
  Parameters parameters = *parsed;
  for (const char* filter : {"step", "model", "workflow", "provider", "attribute", "as_known_at"}) {
    if (parameters.Has(filter)) {
      return true;
    }
  }
  return absl::StartsWith(parameters.Take("by"), "attribute");
}

// Answers `question` on the pool that suits it.
template <typename Question>
HttpHandler AskOnPool(HttpPools& pools, Question question) {
  return [quick = OnPool(pools.questions, question), scan = OnPool(pools.scans, question)](
             HttpRequest request, const Respond& respond) {
    const HttpHandler& handler = AsksTheLog(request) ? scan : quick;
    handler(std::move(request), respond);
  };
}

constexpr char kRunsPath[] = "/api/v1/runs/";

absl::StatusOr<HttpResponse> AnswerRun(const HttpApiContext& context, const HttpRequest& request) {
  ASSIGN_OR_RETURN(Parameters parameters, Parameters::Parse(request.query));
  const absl::string_view workflow_id =
      absl::string_view(request.path).substr(sizeof(kRunsPath) - 1);
  ASSIGN_OR_RETURN(const pb::GetRunRequest question,
                   ToRunRequest(workflow_id, std::move(parameters)));
  ASSIGN_OR_RETURN(const pb::GetRunResponse response, GetRun(PrincipalOf(request), context.database,
                                                             question, request.cancellation.get()));
  return Json(context, response);
}

absl::Status NoParameters(const HttpRequest& request) {
  ASSIGN_OR_RETURN(const Parameters parameters, Parameters::Parse(request.query));
  return parameters.Finish();
}

absl::StatusOr<pb::SetRatesRequest> ReadRates(const HttpRequest& request) {
  RETURN_IF_ERROR(NoParameters(request));
  pb::SetRatesRequest rates;
  google::protobuf::util::JsonParseOptions options;
  const auto parsed = google::protobuf::util::JsonStringToMessage(request.body, &rates, options);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        "The body is not a SetRatesRequest in protobuf's JSON mapping, such as "
        "{\"rates\":[{\"match\":{\"equals\":\"MODEL\"},\"prices\":"
        "{\"input\":\"3.00\",\"output\":\"15.00\"}}]}.");
  }
  return rates;
}

// Returns a function that answers with what it is called with.
template <typename Response>
std::function<void(const absl::StatusOr<Response>&)> Responding(const HttpApiContext& context,
                                                                const Respond& respond) {
  return [context, respond](const absl::StatusOr<Response>& done) {
    absl::StatusOr<HttpResponse> response =
        done.ok() ? Json(context, *done) : absl::StatusOr<HttpResponse>(done.status());
    respond(response.ok() ? *std::move(response) : HttpError(response.status()));
  };
}

// Answers when earlier calls have been priced again, and keeps no thread until then.
void AnswerSetRates(const HttpApiContext& context, HttpRequest request, const Respond& respond) {
  if (std::optional<HttpResponse> refusal = DecodeBody(request, HttpLimits().body_bytes)) {
    return respond(*std::move(refusal));
  }
  if (!absl::StartsWithIgnoreCase(request.Header("content-type"), "application/json")) {
    return respond(HttpError(415, "Send the rates as application/json."));
  }
  const absl::StatusOr<pb::SetRatesRequest> rates = ReadRates(request);
  if (!rates.ok()) {
    return respond(HttpError(rates.status()));
  }
  SetRates(PrincipalOf(request), context.database, *rates,
           Responding<pb::SetRatesResponse>(context, respond));
}

// Begins a job that prices earlier calls again, or reads their usage again, or says what it would
// change.
void BeginJob(bool rederive, const HttpApiContext& context, const HttpRequest& request,
              const Respond& respond) {
  const auto answer = Responding<pb::RepriceResponse>(context, respond);
  absl::StatusOr<Parameters> parameters = Parameters::Parse(request.query);
  if (!parameters.ok()) {
    return answer(parameters.status());
  }
  absl::StatusOr<pb::RepriceRequest> asked = ToRepriceRequest(*std::move(parameters));
  if (!asked.ok()) {
    return answer(asked.status());
  }
  asked->set_rederive(rederive);
  if (asked->dry_run()) {
    return answer(PreviewRepricing(PrincipalOf(request), context.database, *asked,
                                   request.cancellation.get()));
  }
  Reprice(PrincipalOf(request), context.database, *asked, answer);
}

void AnswerReprice(const HttpApiContext& context, const HttpRequest& request,
                   const Respond& respond) {
  BeginJob(/*rederive=*/false, context, request, respond);
}

void AnswerRederive(const HttpApiContext& context, const HttpRequest& request,
                    const Respond& respond) {
  BeginJob(/*rederive=*/true, context, request, respond);
}

void AnswerUndo(const HttpApiContext& context, const HttpRequest& request, const Respond& respond) {
  const auto answer = Responding<pb::RepriceResponse>(context, respond);
  absl::StatusOr<Parameters> parameters = Parameters::Parse(request.query);
  if (!parameters.ok()) {
    return answer(parameters.status());
  }
  const absl::StatusOr<pb::UndoRepricingRequest> asked = ToUndoRequest(*std::move(parameters));
  if (!asked.ok()) {
    return answer(asked.status());
  }
  UndoRepricing(PrincipalOf(request), context.database, *asked, answer);
}

absl::StatusOr<HttpResponse> AnswerRepricings(const HttpApiContext& context,
                                              const HttpRequest& request) {
  RETURN_IF_ERROR(NoParameters(request));
  ASSIGN_OR_RETURN(const pb::ListRepricingsResponse jobs,
                   ListRepricings(PrincipalOf(request), context.database));
  return Json(context, jobs);
}

absl::StatusOr<HttpResponse> AnswerListRates(const HttpApiContext& context,
                                             const HttpRequest& request) {
  ASSIGN_OR_RETURN(Parameters parameters, Parameters::Parse(request.query));
  ASSIGN_OR_RETURN(const pb::ListRatesRequest question, ToListRatesRequest(std::move(parameters)));
  ASSIGN_OR_RETURN(const pb::ListRatesResponse rates,
                   ListRates(PrincipalOf(request), context.database, question));
  return Json(context, rates);
}

// Makes a handler that begins a change of rates from a thread of their pool.
template <typename Change>
HttpHandler ChangeOnPool(const HttpApiContext& context, Change change) {
  return [context, change](HttpRequest request, const Respond& respond) {
    const bool added = context.pools.rates.Add([context, change, request = std::move(request),
                                                respond] { change(context, request, respond); });
    if (!added) {
      respond(HttpError(TooManyWaiting()));
    }
  };
}

void AddRates(const HttpApiContext& context, Router* router) {
  WorkerPool& questions = context.pools.questions;
  router->Handle("GET", "/api/v1/rates", OnPool(questions, [context](const HttpRequest& request) {
                   return AnswerListRates(context, request);
                 }));
  router->Handle("POST", "/api/v1/rates", ChangeOnPool(context, AnswerSetRates));
  router->Handle("GET", "/api/v1/rates/reprice",
                 OnPool(questions, [context](const HttpRequest& request) {
                   return AnswerRepricings(context, request);
                 }));
  router->Handle("POST", "/api/v1/rates/reprice", ChangeOnPool(context, AnswerReprice));
  router->Handle("POST", "/api/v1/rates/reprice/undo", ChangeOnPool(context, AnswerUndo));
  router->Handle("POST", "/api/v1/usage/rederive", ChangeOnPool(context, AnswerRederive));
  router->Handle("POST", "/api/v1/usage/rederive/undo", ChangeOnPool(context, AnswerUndo));
}

void AddQuestions(const HttpApiContext& context, Router* router) {
  HttpPools& pools = context.pools;
  router->Handle("GET", "/api/v1/top", AskOnPool(pools, Ask(context, ToTopRequest, GetTop)));
  router->Handle("GET", "/api/v1/series",
                 AskOnPool(pools, Ask(context, ToSeriesRequest, GetSeries)));
  router->Handle("GET", "/api/v1/outliers",
                 OnPool(pools.scans, Ask(context, ToOutliersRequest, GetOutliers)));
  router->Handle("GET", "/api/v1/workflows",
                 OnPool(pools.questions, Ask(context, ToWorkflowsRequest, GetWorkflows)));
  router->Handle("GET", "/api/v1/distribution",
                 OnPool(pools.questions, Ask(context, ToDistributionRequest, GetDistribution)));
  router->Handle("GET", "/api/v1/explain",
                 OnPool(pools.scans, Ask(context, ToExplainRequest, ExplainCall)));
  router->Handle("GET", "/api/v1/spans",
                 OnPool(pools.scans, Ask(context, ToSpansRequest, GetSpans)));
  router->Handle("GET", "/api/v1/rates/missing",
                 OnPool(pools.scans, Ask(context, ToMissingRatesRequest, GetMissingRates)));
  router->Handle("GET", kRunsPath,
                 OnPool(context.pools.questions, [context](const HttpRequest& request) {
                   return AnswerRun(context, request);
                 }));
}

}  // namespace

HttpPools::HttpPools(size_t question_threads)
    : questions(question_threads, kQuestionsWaiting, kQuestionNiceness),
      scans(std::max(1U, std::thread::hardware_concurrency() / 2), kQuestionsWaiting,
            kQuestionNiceness),
      events(2, kBodiesWaiting),
      rates(1, kOthersWaiting),
      info(1, kBodiesWaiting),
      metrics(1, kOthersWaiting) {}

void HttpPools::Close() {
  for (WorkerPool* pool : {&questions, &scans, &events, &rates, &info, &metrics}) {
    pool->Close();
  }
}

void AddApi(const HttpApiContext& context, Router* router) {
  AddQuestions(context, router);
  AddAnalyses(context, router);
  AddRates(context, router);
  AddBudgets(context, router);
  router->Handle("GET", "/api/v1/info",
                 OnPool(context.pools.info,
                        [context](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
                          RETURN_IF_ERROR(NoParameters(request));
                          ASSIGN_OR_RETURN(
                              const pb::GetServerInfoResponse info,
                              GetServerInfo(PrincipalOf(request), context.database, context.facts));
                          return Json(context, info);
                        }));
  router->Handle("GET", "/metrics",
                 OnPool(context.pools.metrics,
                        [context](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
                          HttpResponse response;
                          response.content_type = kMetricsContentType;
                          ASSIGN_OR_RETURN(
                              response.body,
                              WriteMetrics(PrincipalOf(request), context.database, context.facts,
                                           context.connections, context.queue.usage_reports(),
                                           request.cancellation.get()));
                          response.body += WriteBudgetMetrics(context, request);
                          return response;
                        }));
  AddOtlp({.pool = context.pools.events, .assembler = context.spans, .memory = context.memory},
          router);
  router->Handle("POST", "/api/v1/events", [context](HttpRequest request, const Respond& respond) {
    PostEvents(context.pools.events, context.queue, context.memory, HttpLimits().body_bytes,
               std::move(request), respond);
  });
}

}  // namespace itemized::server
