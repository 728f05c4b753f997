// SPDX-License-Identifier: Apache-2.0
#include "server/v1/methods.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/convert/explanations.h"
#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"
#include "server/convert/rates.h"
#include "server/convert/repricing.h"
#include "server/convert/store_answers.h"
#include "server/v1/answer.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Answers with what `write` makes of a change of the rate book.
template <typename Response>
Database::RatesDone Answering(std::function<void(absl::StatusOr<Response>)> done,
                              Response (*write)(const RateChange&)) {
  return [done = std::move(done), write](const absl::StatusOr<RateChange>& change) {
    done(change.ok() ? absl::StatusOr<Response>(write(*change)) : change.status());
  };
}

void SetSpans(const SpanCounters& from, pb::GetServerInfoResponse* response) {
  const int64_t dropped = from.dropped_logs + from.dropped_metrics;
  if (from.spans + from.duplicates + from.rejected + dropped == 0) {
    return;
  }
  pb::SpanCounters& spans = *response->mutable_spans();
  spans.set_spans(from.spans);
  spans.set_duplicate_spans(from.duplicates);
  spans.set_rejected_spans(from.rejected);
  spans.set_merged_spans(from.merged);
  spans.set_aggregate_calls(from.aggregates);
  spans.set_calls_without_usage(from.without_usage);
  spans.set_rootless_traces(from.rootless);
  spans.set_retracted_calls(from.retracted);
  spans.set_dropped_signals(dropped);
  for (const auto& [scope, count] : from.unknown_scopes.Counts()) {
    pb::ScopeSpans& unknown = *spans.add_unknown_scopes();
    unknown.set_scope(scope);
    unknown.set_spans(count);
  }
}

// Which calls a change of rates prices again.
template <typename Request>
enum itemized::Reprice Which(const Request& request) {
  return request.reprice() ? itemized::Reprice::kAll : itemized::Reprice::kUnpriced;
}

// Returns what is called when a job begins, and when it ends, so that `done` is called once, with
// the job as it is when the caller wants to know.
std::pair<Database::JobDone, Database::JobDone> AnsweringJob(RepriceDone done, bool background) {
  const auto answer = [done = std::move(done)](const absl::StatusOr<RepricingJob>& job) {
    done(job.ok() ? absl::StatusOr<pb::RepriceResponse>(ToRepriceResponse(*job)) : job.status());
  };
  return {[answer, background](const absl::StatusOr<RepricingJob>& begun) {
            if (background || !begun.ok()) {
              answer(begun);
            }
          },
          [answer, background](const absl::StatusOr<RepricingJob>& ended) {
            if (!background) {
              answer(ended);
            }
          }};
}

}  // namespace

absl::StatusOr<pb::GetTopResponse> GetTop(const Principal& principal, const Database& database,
                                          const pb::GetTopRequest& request,
                                          const Cancellation* cancellation) {
  return Answer<pb::GetTopResponse>(
      {principal, database, cancellation}, request, ToTopQuery, AskTop,
      [&](const TopAnswer& answer) { return ToTopResponse(answer, request.limit()); });
}

absl::StatusOr<pb::GetWorkflowsResponse> GetWorkflows(const Principal& principal,
                                                      const Database& database,
                                                      const pb::GetWorkflowsRequest& request,
                                                      const Cancellation* cancellation) {
  return Answer<pb::GetWorkflowsResponse>(
      {principal, database, cancellation}, request,
      [](const pb::GetWorkflowsRequest& asked) { return ToWindow(asked.window()); }, AskWorkflows,
      ToWorkflowsResponse);
}

absl::StatusOr<pb::GetRunResponse> GetRun(const Principal& principal, const Database& database,
                                          const pb::GetRunRequest& request,
                                          const Cancellation* cancellation) {
  return Answer<pb::GetRunResponse>({principal, database, cancellation}, request, ToRunQuery,
                                    AskRun, [&](const RunAnswer& answer) {
                                      return ToRunResponse(answer, request.with_usage_reported());
                                    });
}

absl::StatusOr<pb::GetSeriesResponse> GetSeries(const Principal& principal,
                                                const Database& database,
                                                const pb::GetSeriesRequest& request,
                                                const Cancellation* cancellation) {
  return Answer<pb::GetSeriesResponse>(
      {principal, database, cancellation}, request, ToSeriesQuery, AskSeries,
      [](const SeriesAnswer& answer, const SeriesQuery& query) {
        return ToSeriesResponse(answer, query.filter[NameKind::kStep].value_or(""), query.zone);
      });
}

absl::StatusOr<pb::GetOutliersResponse> GetOutliers(const Principal& principal,
                                                    const Database& database,
                                                    const pb::GetOutliersRequest& request,
                                                    const Cancellation* cancellation) {
  return Answer<pb::GetOutliersResponse>({principal, database, cancellation}, request,
                                         ToOutliersQuery, AskOutliers, ToOutliersResponse);
}

absl::StatusOr<pb::GetDistributionResponse> GetDistribution(
    const Principal& principal, const Database& database, const pb::GetDistributionRequest& request,
    const Cancellation* cancellation) {
  return Answer<pb::GetDistributionResponse>({principal, database, cancellation}, request,
                                             ToDistributionQuery, AskDistribution,
                                             ToDistributionResponse);
}

absl::StatusOr<pb::ExplainCallResponse> ExplainCall(const Principal& principal,
                                                    const Database& database,
                                                    const pb::ExplainCallRequest& request,
                                                    const Cancellation* cancellation) {
  return Answer<pb::ExplainCallResponse>({principal, database, cancellation}, request,
                                         ToExplainQuery, AskExplain, ToExplainResponse);
}

absl::StatusOr<pb::GetMissingRatesResponse> GetMissingRates(
    const Principal& principal, const Database& database, const pb::GetMissingRatesRequest& request,
    const Cancellation* cancellation) {
  return Answer<pb::GetMissingRatesResponse>(
      {principal, database, cancellation}, request,
      [](const pb::GetMissingRatesRequest& asked) { return ToWindow(asked.window()); },
      AskMissingRates, ToMissingRatesResponse);
}

absl::StatusOr<pb::GetServerInfoResponse> GetServerInfo(const Principal& principal,
                                                        const Database& database,
                                                        const ServerFacts& facts) {
  ASSIGN_OR_RETURN(const ServerInfo info, AskInfo(principal, database, facts));
  pb::GetServerInfoResponse response = ToServerInfoResponse(info.store);
  response.set_version(info.facts.version);
  response.set_started_at(FormatTime(info.facts.started_at_us));
  response.set_http_address(info.facts.http_address);
  if (const UsageReportLog* const reports = info.facts.usage_reports) {
    response.set_unknown_usage_reports(reports->unknown());
    response.set_misreported_usage_reports(reports->misreported());
  }
  if (info.facts.spans != nullptr) {
    SetSpans(*info.facts.spans, &response);
  }
  return response;
}

absl::StatusOr<pb::ListRatesResponse> ListRates(const Principal& principal,
                                                const Database& database,
                                                const pb::ListRatesRequest& request) {
  RateListQuery query{.history = request.history(), .as_known_at_us = std::nullopt};
  ASSIGN_OR_RETURN(query.as_known_at_us, ToKnownAt(request.as_known_at_unix_us()));
  ASSIGN_OR_RETURN(const RateList list, AskRates(principal, database, query));
  return ToListRatesResponse(list.rates, list.unpriced, request.bundled(), list.ended);
}

void SetRates(const Principal& principal, Database& database, const pb::SetRatesRequest& request,
              SetRatesDone done) {
  absl::StatusOr<std::vector<Rate>> rates = ToRates(request);
  if (!rates.ok()) {
    return done(rates.status());
  }
  PutRates(principal, database, *std::move(rates), Which(request),
           Answering(std::move(done), ToSetRatesResponse));
}

void RemoveRates(const Principal& principal, Database& database,
                 const pb::RemoveRatesRequest& request, RemoveRatesDone done) {
  absl::StatusOr<std::vector<RateName>> names = ToRateNames(request);
  if (!names.ok()) {
    return done(names.status());
  }
  DropRates(principal, database, *std::move(names), Which(request),
            Answering(std::move(done), ToRemoveRatesResponse));
}

absl::StatusOr<pb::RepriceResponse> PreviewRepricing(const Principal& principal,
                                                     const Database& database,
                                                     const pb::RepriceRequest& request,
                                                     const Cancellation* cancellation) {
  ASSIGN_OR_RETURN(const RepricingRequest asked, ToRepricingRequest(request));
  ASSIGN_OR_RETURN(const RepricingPreview preview,
                   AskRepricingPreview(principal, database, asked, cancellation));
  return ToRepriceResponse(preview);
}

void Reprice(const Principal& principal, Database& database, const pb::RepriceRequest& request,
             RepriceDone done) {
  const absl::StatusOr<RepricingRequest> asked = ToRepricingRequest(request);
  if (!asked.ok()) {
    return done(asked.status());
  }
  auto [begun, ended] = AnsweringJob(std::move(done), request.background());
  BeginRepricing(principal, database, *asked, std::move(begun), std::move(ended));
}

void UndoRepricing(const Principal& principal, Database& database,
                   const pb::UndoRepricingRequest& request, RepriceDone done) {
  auto [begun, ended] = AnsweringJob(std::move(done), request.background());
  BeginUndo(principal, database, static_cast<uint64_t>(std::max<int64_t>(0, request.id())),
            std::move(begun), std::move(ended));
}

absl::StatusOr<pb::ListRepricingsResponse> ListRepricings(const Principal& principal,
                                                          const Database& database) {
  ASSIGN_OR_RETURN(const std::vector<RepricingJob> jobs, AskRepricings(principal, database));
  return ToListRepricingsResponse(jobs);
}

absl::StatusOr<pb::VerifyResponse> Verify(const Principal& principal, const Database& database) {
  ASSIGN_OR_RETURN(const VerifyReport report, VerifyStore(principal, database));
  return ToVerifyResponse(report);
}

absl::StatusOr<pb::BackupResponse> Backup(const Principal& principal, const Database& database,
                                          const BackupPlace& place,
                                          const pb::BackupRequest& request) {
  ASSIGN_OR_RETURN(const BackupMade made,
                   BackUpStore(principal, database, place, request.directory()));
  return ToBackupResponse(made.directory, made.report);
}

}  // namespace itemized::server
