// SPDX-License-Identifier: Apache-2.0
#pragma once

// Each question of the API, answered from the database: what every protocol
// that the server speaks has in common. Thread-safe. Errors are those that the
// services of itemized.v1 document, before their translation to gRPC's, and that of the
// cancellation, which may be null.

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "itemized/v1/admin.pb.h"
#include "itemized/v1/query.pb.h"
#include "itemized/v1/rates.pb.h"
#include "itemized/v1/server_info.pb.h"

#include "storage/base/cancellation.h"
#include "storage/database/database.h"

namespace itemized::server {

absl::StatusOr<itemized::v1::GetTopResponse> GetTop(const Database& database,
                                                    const itemized::v1::GetTopRequest& request,
                                                    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetWorkflowsResponse> GetWorkflows(
    const Database& database, const itemized::v1::GetWorkflowsRequest& request,
    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetRunResponse> GetRun(const Database& database,
                                                    const itemized::v1::GetRunRequest& request,
                                                    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetSeriesResponse> GetSeries(
    const Database& database, const itemized::v1::GetSeriesRequest& request,
    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetOutliersResponse> GetOutliers(
    const Database& database, const itemized::v1::GetOutliersRequest& request,
    const Cancellation* cancellation = nullptr);

absl::StatusOr<itemized::v1::GetDistributionResponse> GetDistribution(
    const Database& database, const itemized::v1::GetDistributionRequest& request,
    const Cancellation* cancellation = nullptr);

absl::StatusOr<itemized::v1::VerifyResponse> Verify(const Database& database);
// `backup_dir` as in ServerOptions.
absl::StatusOr<itemized::v1::BackupResponse> Backup(const Database& database,
                                                    const std::string& backup_dir,
                                                    const itemized::v1::BackupRequest& request);

// What the server knows of itself.
struct ServerFacts {
  std::string version;
  int64_t started_at_us = 0;
  std::string http_address;  // "" if HTTP is off.
};
itemized::v1::GetServerInfoResponse GetServerInfo(const Database& database,
                                                  const ServerFacts& facts);

itemized::v1::ListRatesResponse ListRates(const Database& database);
// `done` is called as Database::SetRates says; nothing waits for it meanwhile.
using SetRatesDone = std::function<void(absl::StatusOr<itemized::v1::SetRatesResponse>)>;
void SetRates(Database& database, const itemized::v1::SetRatesRequest& request, SetRatesDone done);
using RemoveRatesDone = std::function<void(absl::StatusOr<itemized::v1::RemoveRatesResponse>)>;
void RemoveRates(Database& database, const itemized::v1::RemoveRatesRequest& request,
                 RemoveRatesDone done);

}  // namespace itemized::server
