// SPDX-License-Identifier: Apache-2.0
#include "server/api/answers.h"

#include <optional>
#include <string>
#include <utility>

#include "server/api/backup_directory.h"
#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"
#include "server/convert/rates.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

void SetRepricing(const RepricingProgress& progress, pb::Repricing* to) {
  to->set_calls(progress.calls);
  to->set_done(progress.done);
}

// Tells in an answer that calls were being priced again when the question was asked, or are
// when it is answered.
class RepricingNote {
 public:
  explicit RepricingNote(const Database& database)
      : database_(database), before_(database.Repricing()) {}

  template <typename Response>
  Response On(Response response) const {
    const auto progress = before_.has_value() ? before_ : database_.Repricing();
    if (progress.has_value()) {
      SetRepricing(*progress, response.mutable_repricing());
    }
    return response;
  }

 private:
  const Database& database_;
  const std::optional<RepricingProgress> before_;
};

}  // namespace

absl::StatusOr<pb::GetTopResponse> GetTop(const Database& database,
                                          const pb::GetTopRequest& request,
                                          const Cancellation* cancellation) {
  const RepricingNote repricing(database);
  ASSIGN_OR_RETURN(const TopQuery query, ToTopQuery(request));
  ASSIGN_OR_RETURN(const TopAnswer answer, database.Top(query, cancellation));
  return repricing.On(ToTopResponse(answer, request.limit()));
}

absl::StatusOr<pb::GetWorkflowsResponse> GetWorkflows(const Database& database,
                                                      const pb::GetWorkflowsRequest& request,
                                                      const Cancellation* cancellation) {
  const RepricingNote repricing(database);
  ASSIGN_OR_RETURN(const Window window, ToWindow(request.window()));
  ASSIGN_OR_RETURN(const WorkflowsAnswer answer, database.Workflows(window, cancellation));
  return repricing.On(ToWorkflowsResponse(answer));
}

absl::StatusOr<pb::GetRunResponse> GetRun(const Database& database,
                                          const pb::GetRunRequest& request,
                                          const Cancellation* cancellation) {
  const RepricingNote repricing(database);
  ASSIGN_OR_RETURN(const RunQuery query, ToRunQuery(request));
  ASSIGN_OR_RETURN(const RunAnswer answer, database.GetRun(query, cancellation));
  return repricing.On(ToRunResponse(answer));
}

absl::StatusOr<pb::GetSeriesResponse> GetSeries(const Database& database,
                                                const pb::GetSeriesRequest& request,
                                                const Cancellation* cancellation) {
  const RepricingNote repricing(database);
  ASSIGN_OR_RETURN(const SeriesQuery query, ToSeriesQuery(request));
  ASSIGN_OR_RETURN(const SeriesAnswer answer, database.Series(query, cancellation));
  return repricing.On(
      ToSeriesResponse(answer, query.filter[NameKind::kStep].value_or(""), query.zone));
}

absl::StatusOr<pb::GetOutliersResponse> GetOutliers(const Database& database,
                                                    const pb::GetOutliersRequest& request,
                                                    const Cancellation* cancellation) {
  const RepricingNote repricing(database);
  ASSIGN_OR_RETURN(const OutliersQuery query, ToOutliersQuery(request));
  ASSIGN_OR_RETURN(const OutliersAnswer answer, database.Outliers(query, cancellation));
  return repricing.On(ToOutliersResponse(answer));
}

absl::StatusOr<pb::GetDistributionResponse> GetDistribution(
    const Database& database, const pb::GetDistributionRequest& request,
    const Cancellation* cancellation) {
  const RepricingNote repricing(database);
  ASSIGN_OR_RETURN(const DistributionQuery query, ToDistributionQuery(request));
  ASSIGN_OR_RETURN(const DistributionAnswer answer, database.Distribution(query, cancellation));
  return repricing.On(ToDistributionResponse(answer));
}

pb::GetServerInfoResponse GetServerInfo(const Database& database, const ServerFacts& facts) {
  const DatabaseInfo info = database.Info();
  pb::GetServerInfoResponse response;
  response.set_version(facts.version);
  response.set_schema_version(info.schema_version);
  response.set_started_at(FormatTime(facts.started_at_us));
  response.set_calls(info.calls);
  response.set_unpriced_calls(info.unpriced_calls);
  response.set_usage_missing_calls(info.usage_missing_calls);
  response.set_cost_usd(FormatUsd(info.cost));
  response.set_runs(info.runs);
  response.set_last_block(info.last_block);
  response.set_checkpointed_block(info.checkpointed_block);
  response.set_http_address(facts.http_address);
  if (info.repricing.has_value()) {
    SetRepricing(*info.repricing, response.mutable_repricing());
  }
  pb::IngestCounters& ingested = *response.mutable_ingested();
  ingested.set_calls(info.ingested.calls);
  ingested.set_completions(info.ingested.completions);
  ingested.set_late_calls(info.ingested.late_calls);
  ingested.set_duplicates(info.ingested.duplicates);
  ingested.set_refused(info.ingested.refused);
  ingested.set_conflicts(info.ingested.conflicts);
  ingested.set_commits(info.ingested.commits);
  return response;
}

pb::ListRatesResponse ListRates(const Database& database) {
  return ToListRatesResponse(database.ListRates(), database.ListUnpriced());
}

void SetRates(Database& database, const pb::SetRatesRequest& request, SetRatesDone done) {
  absl::StatusOr<std::vector<Rate>> rates = ToRates(request);
  if (!rates.ok()) {
    return done(rates.status());
  }
  database.SetRates(*std::move(rates),
                    [done = std::move(done)](const absl::StatusOr<RateChange>& change) {
                      if (!change.ok()) {
                        return done(change.status());
                      }
                      pb::SetRatesResponse response;
                      response.set_added(change->added);
                      response.set_replaced(change->replaced);
                      response.set_repriced_calls(change->repriced_calls);
                      done(std::move(response));
                    });
}

void RemoveRates(Database& database, const pb::RemoveRatesRequest& request, RemoveRatesDone done) {
  absl::StatusOr<std::vector<RateName>> names = ToRateNames(request);
  if (!names.ok()) {
    return done(names.status());
  }
  database.RemoveRates(*std::move(names),
                       [done = std::move(done)](const absl::StatusOr<RateChange>& change) {
                         if (!change.ok()) {
                           return done(change.status());
                         }
                         pb::RemoveRatesResponse response;
                         response.set_removed(change->removed);
                         response.set_repriced_calls(change->repriced_calls);
                         done(std::move(response));
                       });
}

absl::StatusOr<pb::VerifyResponse> Verify(const Database& database) {
  ASSIGN_OR_RETURN(const VerifyReport report, database.Verify());
  pb::VerifyResponse response;
  response.set_blocks(report.blocks);
  response.set_calls(report.calls);
  response.set_completions(report.completions);
  response.set_rows(report.rows);
  response.set_carried(report.carried);
  response.set_differences(report.differences);
  response.mutable_examples()->Assign(report.examples.begin(), report.examples.end());
  return response;
}

absl::StatusOr<pb::BackupResponse> Backup(const Database& database, const std::string& backup_dir,
                                          const pb::BackupRequest& request) {
  ASSIGN_OR_RETURN(const std::string path, PathOfBackup(backup_dir, request.directory()));
  ASSIGN_OR_RETURN(const BackupReport report, database.Backup(path));
  pb::BackupResponse response;
  response.set_directory(path);
  response.set_calls(report.calls);
  response.set_cost_usd(FormatUsd(report.cost));
  response.set_bytes(report.bytes);
  return response;
}

}  // namespace itemized::server
