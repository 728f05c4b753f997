// SPDX-License-Identifier: Apache-2.0
#pragma once

// The methods of itemized.v1, whichever protocol carries their messages: each reads the
// question with server/convert, asks it through server/api, and writes the answer. This folder
// uses those two, and knows no protocol.
//
// All functions are thread-safe. Errors are those that the services of itemized.v1 document,
// before their translation to gRPC's, and that of the cancellation, which may be null.

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "itemized/v1/admin.pb.h"
#include "itemized/v1/query.pb.h"
#include "itemized/v1/rates.pb.h"
#include "itemized/v1/server_info.pb.h"

#include "server/api/answers.h"
#include "server/api/principal.h"
#include "storage/base/cancellation.h"
#include "storage/database/database.h"

namespace itemized::server {

absl::StatusOr<itemized::v1::GetTopResponse> GetTop(const Principal& principal,
                                                    const Database& database,
                                                    const itemized::v1::GetTopRequest& request,
                                                    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetWorkflowsResponse> GetWorkflows(
    const Principal& principal, const Database& database,
    const itemized::v1::GetWorkflowsRequest& request, const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetRunResponse> GetRun(const Principal& principal,
                                                    const Database& database,
                                                    const itemized::v1::GetRunRequest& request,
                                                    const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetSeriesResponse> GetSeries(
    const Principal& principal, const Database& database,
    const itemized::v1::GetSeriesRequest& request, const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetOutliersResponse> GetOutliers(
    const Principal& principal, const Database& database,
    const itemized::v1::GetOutliersRequest& request, const Cancellation* cancellation = nullptr);
absl::StatusOr<itemized::v1::GetDistributionResponse> GetDistribution(
    const Principal& principal, const Database& database,
    const itemized::v1::GetDistributionRequest& request,
    const Cancellation* cancellation = nullptr);

absl::StatusOr<itemized::v1::GetServerInfoResponse> GetServerInfo(const Principal& principal,
                                                                  const Database& database,
                                                                  const ServerFacts& facts);

absl::StatusOr<itemized::v1::ListRatesResponse> ListRates(
    const Principal& principal, const Database& database,
    const itemized::v1::ListRatesRequest& request);
// `done` is called as Database::SetRates says; nothing waits for it meanwhile.
using SetRatesDone = std::function<void(absl::StatusOr<itemized::v1::SetRatesResponse>)>;
void SetRates(const Principal& principal, Database& database,
              const itemized::v1::SetRatesRequest& request, SetRatesDone done);
// `done` is called as Database::RemoveRates says; nothing waits for it meanwhile.
using RemoveRatesDone = std::function<void(absl::StatusOr<itemized::v1::RemoveRatesResponse>)>;
void RemoveRates(const Principal& principal, Database& database,
                 const itemized::v1::RemoveRatesRequest& request, RemoveRatesDone done);

// Answers a dry run, whatever `request.dry_run` says.
absl::StatusOr<itemized::v1::RepriceResponse> PreviewRepricing(
    const Principal& principal, const Database& database,
    const itemized::v1::RepriceRequest& request, const Cancellation* cancellation = nullptr);
// `done` is called with the job once it is at its end, or once it has begun if it is to go on in
// the background; nothing waits for it meanwhile.
using RepriceDone = std::function<void(absl::StatusOr<itemized::v1::RepriceResponse>)>;
void Reprice(const Principal& principal, Database& database,
             const itemized::v1::RepriceRequest& request, RepriceDone done);
void UndoRepricing(const Principal& principal, Database& database,
                   const itemized::v1::UndoRepricingRequest& request, RepriceDone done);
absl::StatusOr<itemized::v1::ListRepricingsResponse> ListRepricings(const Principal& principal,
                                                                    const Database& database);

absl::StatusOr<itemized::v1::VerifyResponse> Verify(const Principal& principal,
                                                    const Database& database);
absl::StatusOr<itemized::v1::BackupResponse> Backup(const Principal& principal,
                                                    const Database& database,
                                                    const BackupPlace& place,
                                                    const itemized::v1::BackupRequest& request);

}  // namespace itemized::server
