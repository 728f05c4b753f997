// SPDX-License-Identifier: Apache-2.0
#include "server/http/otlp.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"

#include "server/http/body_coding.h"
#include "server/http/http_limits.h"
#include "server/http/principal.h"
#include "server/otlp/export.h"

namespace itemized::server {
namespace {

constexpr char kProtobuf[] = "application/x-protobuf";
constexpr char kJson[] = "application/json";

// Spans take this many times the bytes of their request until they are stored.
constexpr int64_t kWorkFactor = 4;

bool IsJson(const HttpRequest& request) {
  return absl::StartsWithIgnoreCase(request.Header("content-type"), kJson);
}

bool IsProtobuf(const HttpRequest& request) {
  return absl::StartsWithIgnoreCase(request.Header("content-type"), kProtobuf);
}

// What OTLP says of errors: a client sends again after 429, 502, 503 and 504, and gives up after
// any other.
int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kOutOfRange:
      return 413;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

HttpResponse Answer(bool is_json, std::string body) {
  HttpResponse response;
  response.content_type = is_json ? kJson : kProtobuf;
  response.body = std::move(body);
  return response;
}

HttpResponse ErrorAnswer(bool is_json, int http_status, const absl::Status& status) {
  HttpResponse response = Answer(is_json, is_json ? ToJsonStatus(status) : ToWireStatus(status));
  response.status = http_status;
  if (http_status == 429 || http_status == 503) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

HttpResponse ErrorAnswer(bool is_json, const absl::Status& status) {
  return ErrorAnswer(is_json, HttpStatusOf(status), status);
}

// The sentence of a refusal that is made for our own API.
absl::Status ToStatus(const HttpResponse& refusal) {
  const bool is_too_large = refusal.status == 413;
  return is_too_large ? absl::OutOfRangeError(
                            "The body is too large once it is inflated; send fewer spans "
                            "in a request.")
                      : absl::InvalidArgumentError(
                            "The body is not encoded as it says; send it as it is, or "
                            "with gzip.");
}

void ReadAndTake(Signal signal, const OtlpContext& context, HttpRequest request,
                 const Respond& respond) {
  const bool is_json = IsJson(request);
  if (const std::optional<HttpResponse> refusal = DecodeBody(request, HttpLimits().body_bytes)) {
    return respond(ErrorAnswer(is_json, refusal->status, ToStatus(*refusal)));
  }
  auto charge = context.memory.Take(kWorkFactor * static_cast<int64_t>(request.body.size()));
  if (!charge.has_value()) {
    return respond(ErrorAnswer(
        is_json, absl::ResourceExhaustedError(
                     "The server has no memory left for these spans; send them again later.")));
  }
  absl::StatusOr<std::string> wire = is_json ? JsonToWire(signal, request.body)
                                             : absl::StatusOr<std::string>(std::move(request.body));
  if (!wire.ok()) {
    return respond(ErrorAnswer(is_json, wire.status()));
  }
  const auto held = std::make_shared<MemoryBudget::Charge>(*std::move(charge));
  Export(signal, PrincipalOf(request), *wire, context.assembler,
         [signal, is_json, respond, held](const absl::StatusOr<SpansResult>& result) {
           if (!result.ok()) {
             return respond(ErrorAnswer(is_json, result.status()));
           }
           respond(Answer(is_json,
                          is_json ? ToJsonResponse(signal, *result) : ToWireResponse(*result)));
         });
}

void PostSpans(Signal signal, const OtlpContext& context, HttpRequest request,
               const Respond& respond) {
  const bool is_json = IsJson(request);
  if (!is_json && !IsProtobuf(request)) {
    return respond(ErrorAnswer(
        /*is_json=*/true, 415,
        absl::InvalidArgumentError("Send application/x-protobuf or application/json.")));
  }
  const bool added =
      context.pool.Add([signal, context, request = std::move(request), respond]() mutable {
        ReadAndTake(signal, context, std::move(request), respond);
      });
  if (!added) {
    respond(ErrorAnswer(is_json, absl::ResourceExhaustedError(
                                     "Too many requests wait; send these spans again later.")));
  }
}

}  // namespace

void AddOtlp(const OtlpContext& context, Router* router) {
  for (const auto& [path, signal] : {std::pair("/v1/traces", Signal::kTraces),
                                     std::pair("/api/public/otel/v1/traces", Signal::kTraces),
                                     std::pair("/v1/logs", Signal::kLogs)}) {
    router->Handle("POST", path, [signal, context](HttpRequest request, const Respond& respond) {
      PostSpans(signal, context, std::move(request), respond);
    });
  }
  std::atomic<int64_t>& dropped = context.assembler.counters().dropped_metrics;
  router->Handle("POST", "/v1/metrics",
                 [&dropped](const HttpRequest& request, const Respond& respond) {
                   CountDropped("metrics", 1, dropped);
                   respond(Answer(IsJson(request), IsJson(request) ? "{}" : ""));
                 });
}

}  // namespace itemized::server
