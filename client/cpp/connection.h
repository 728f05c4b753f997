// SPDX-License-Identifier: Apache-2.0
#pragma once

// A connection to one itemized server: a channel and the unary calls over it. An example:
//
//   auto connection = Connection::Open("127.0.0.1:4317");
//   absl::StatusOr<pb::GetTopResponse> top = connection->GetTop(request);

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/admin.grpc.pb.h"
#include "itemized/v1/analysis.grpc.pb.h"
#include "itemized/v1/budgets.grpc.pb.h"
#include "itemized/v1/ingest.grpc.pb.h"
#include "itemized/v1/query.grpc.pb.h"
#include "itemized/v1/rates.grpc.pb.h"
#include "itemized/v1/server_info.grpc.pb.h"

namespace itemized::client {

namespace pb = itemized::v1;

// Every call gives up after this long.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(30);
// Verify and Backup read the whole store, and give up after this long.
inline constexpr absl::Duration kAdminTimeout = absl::Hours(24);

// Thread-safe. Calls return the server's own status and sentence; UNAVAILABLE, with a sentence that
// names the address, if no server answers; and DEADLINE_EXCEEDED if the answer takes too long.
class Connection {
 public:
  // `address` is host:port. The first use connects, in clear text.
  static std::shared_ptr<Connection> Open(const std::string& address);

  // Returns a connection over `channel`, whose server errors call `address`.
  static std::shared_ptr<Connection> Over(std::shared_ptr<grpc::Channel> channel,
                                          const std::string& address);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits until the server accepts connections. UNAVAILABLE if it does not within `timeout`.
  absl::Status WaitReady(absl::Duration timeout);

  absl::StatusOr<pb::GetTopResponse> GetTop(const pb::GetTopRequest& request);
  absl::StatusOr<pb::GetWorkflowsResponse> GetWorkflows(const pb::GetWorkflowsRequest& request);
  absl::StatusOr<pb::GetRunResponse> GetRun(const pb::GetRunRequest& request);
  absl::StatusOr<pb::GetSpansResponse> GetSpans(const pb::GetSpansRequest& request);
  absl::StatusOr<pb::GetSeriesResponse> GetSeries(const pb::GetSeriesRequest& request);
  absl::StatusOr<pb::GetOutliersResponse> GetOutliers(const pb::GetOutliersRequest& request);
  absl::StatusOr<pb::CompareResponse> Compare(const pb::CompareRequest& request);
  absl::StatusOr<pb::GetWastedResponse> GetWasted(const pb::GetWastedRequest& request);
  absl::StatusOr<pb::WhatIfResponse> WhatIf(const pb::WhatIfRequest& request);
  absl::StatusOr<pb::AdviseResponse> Advise(const pb::AdviseRequest& request);
  absl::StatusOr<pb::ExplainCallResponse> ExplainCall(const pb::ExplainCallRequest& request);
  absl::StatusOr<pb::GetMissingRatesResponse> GetMissingRates(
      const pb::GetMissingRatesRequest& request);
  absl::StatusOr<pb::ListRatesResponse> ListRates(const pb::ListRatesRequest& request = {});
  // These answer once earlier calls have been priced again, which may take minutes.
  absl::StatusOr<pb::SetRatesResponse> SetRates(const pb::SetRatesRequest& request,
                                                absl::Duration timeout = kCallTimeout);
  absl::StatusOr<pb::RemoveRatesResponse> RemoveRates(const pb::RemoveRatesRequest& request,
                                                      absl::Duration timeout = kCallTimeout);
  // Answers once it is done, unless it is asked to go on in the background.
  absl::StatusOr<pb::RepriceResponse> Reprice(const pb::RepriceRequest& request,
                                              absl::Duration timeout = kAdminTimeout);
  absl::StatusOr<pb::RepriceResponse> UndoRepricing(const pb::UndoRepricingRequest& request,
                                                    absl::Duration timeout = kAdminTimeout);
  absl::StatusOr<pb::ListRepricingsResponse> ListRepricings(
      const pb::ListRepricingsRequest& request = {});
  absl::StatusOr<pb::GetServerInfoResponse> GetServerInfo(
      const pb::GetServerInfoRequest& request = {});
  absl::StatusOr<pb::WriteResponse> Write(const pb::WriteRequest& request);
  absl::StatusOr<pb::VerifyResponse> Verify(const pb::VerifyRequest& request = {});
  absl::StatusOr<pb::BackupResponse> Backup(const pb::BackupRequest& request);

  absl::StatusOr<pb::SetBudgetResponse> SetBudget(const pb::SetBudgetRequest& request);
  absl::StatusOr<pb::RemoveBudgetResponse> RemoveBudget(const pb::RemoveBudgetRequest& request);
  absl::StatusOr<pb::ListBudgetsResponse> ListBudgets(const pb::ListBudgetsRequest& request = {});
  // Calls `take` with each message as it comes, until the server ends the call, or `context` is
  // cancelled. Returns how it ended.
  absl::Status Watch(const pb::WatchRequest& request, grpc::ClientContext& context,
                     const std::function<void(const pb::WatchResponse&)>& take);

  // Returns what a gRPC call over this connection that ended with `status` is told as.
  absl::Status ToStatus(const grpc::Status& status) const;

  std::shared_ptr<grpc::Channel> channel() { return channel_; }
  const std::string& address() const { return address_; }

 private:
  Connection(std::shared_ptr<grpc::Channel> channel, const std::string& address);

  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::AdminService::Stub> admin_;
  const std::unique_ptr<pb::AnalysisService::Stub> analysis_;
  const std::unique_ptr<pb::BudgetService::Stub> budgets_;
  const std::unique_ptr<pb::IngestService::Stub> ingest_;
  const std::unique_ptr<pb::QueryService::Stub> query_;
  const std::unique_ptr<pb::RatesService::Stub> rates_;
  const std::unique_ptr<pb::ServerInfoService::Stub> server_info_;
};

}  // namespace itemized::client
