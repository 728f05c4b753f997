// SPDX-License-Identifier: Apache-2.0
#include "server/convert/store_answers.h"

#include "storage/base/money.h"

namespace itemized::server {

namespace pb = itemized::v1;

pb::Repricing ToRepricing(const RepricingProgress& progress) {
  pb::Repricing to;
  to.set_calls(progress.calls);
  to.set_done(progress.done);
  return to;
}

pb::GetServerInfoResponse ToServerInfoResponse(const DatabaseInfo& info) {
  pb::GetServerInfoResponse response;
  response.set_schema_version(info.schema_version);
  response.set_calls(info.calls);
  response.set_unpriced_calls(info.unpriced_calls);
  response.set_usage_missing_calls(info.usage_missing_calls);
  response.set_cost_usd(FormatUsd(info.cost));
  response.set_runs(info.runs);
  response.set_last_block(info.last_block);
  response.set_checkpointed_block(info.checkpointed_block);
  if (info.bundled.rates > 0) {
    response.mutable_bundled_rates()->set_rates(info.bundled.rates);
    response.mutable_bundled_rates()->set_source(info.bundled.source);
  }
  if (info.repricing.has_value()) {
    *response.mutable_repricing() = ToRepricing(*info.repricing);
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

pb::VerifyResponse ToVerifyResponse(const VerifyReport& report) {
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

pb::BackupResponse ToBackupResponse(const std::string& directory, const BackupReport& report) {
  pb::BackupResponse response;
  response.set_directory(directory);
  response.set_calls(report.calls);
  response.set_cost_usd(FormatUsd(report.cost));
  response.set_bytes(report.bytes);
  return response;
}

}  // namespace itemized::server
