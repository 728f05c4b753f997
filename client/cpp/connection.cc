// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/connection.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace itemized::client {

namespace {

constexpr int kMessageBytesMax = 64 << 20;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  // A TCP connection and a reconnect timer of its own for each Connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A server of one's own is reached directly; else http_proxy would catch even loopback.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Despite its name, this is how long one attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 3000);
  // Notices a peer that vanished without closing its streams.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  return arguments;
}

std::chrono::system_clock::time_point DeadlineIn(absl::Duration timeout) {
  return absl::ToChronoTime(absl::Now() + timeout);
}

std::string UnreachableMessage(const std::string& address, absl::string_view cause) {
  return absl::StrCat("No itemized server answers at ", address,
                      "; start one there or give the address of a running one (", cause, ").");
}

// One call of `stub` by `method`, such as &pb::QueryService::Stub::GetTop.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Invoke(const Connection& connection, Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, absl::Duration timeout = kCallTimeout) {
  grpc::ClientContext context;
  context.set_deadline(DeadlineIn(timeout));
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) {
    return connection.ToStatus(status);
  }
  return response;
}

}  // namespace

Connection::Connection(std::shared_ptr<grpc::Channel> channel, const std::string& address)
    : address_(address),
      channel_(std::move(channel)),
      admin_(pb::AdminService::NewStub(channel_)),
      analysis_(pb::AnalysisService::NewStub(channel_)),
      budgets_(pb::BudgetService::NewStub(channel_)),
      ingest_(pb::IngestService::NewStub(channel_)),
      query_(pb::QueryService::NewStub(channel_)),
      rates_(pb::RatesService::NewStub(channel_)),
      server_info_(pb::ServerInfoService::NewStub(channel_)) {}

std::shared_ptr<Connection> Connection::Open(const std::string& address) {
  return Over(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), Arguments()),
              address);
}

std::shared_ptr<Connection> Connection::Over(std::shared_ptr<grpc::Channel> channel,
                                             const std::string& address) {
  return std::shared_ptr<Connection>(new Connection(std::move(channel), address));
}

absl::Status Connection::WaitReady(absl::Duration timeout) {
  if (channel_->WaitForConnected(DeadlineIn(timeout))) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(UnreachableMessage(
      address_, absl::StrCat("not connected within ", absl::FormatDuration(timeout))));
}

absl::Status Connection::ToStatus(const grpc::Status& status) const {
  if (status.ok()) {
    return absl::OkStatus();
  }
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  const std::string& message = status.error_message();
  // A server that is reachable may say UNAVAILABLE too: then its sentence stands.
  if (code == absl::StatusCode::kUnavailable &&
      channel_->GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_READY) {
    return absl::UnavailableError(UnreachableMessage(address_, message));
  }
  if (code == absl::StatusCode::kDeadlineExceeded) {
    return absl::DeadlineExceededError(absl::StrCat("The itemized server at ", address_,
                                                    " did not answer in time; try again (", message,
                                                    ")."));
  }
  return absl::Status(code, message);
}

absl::StatusOr<pb::SetBudgetResponse> Connection::SetBudget(const pb::SetBudgetRequest& request) {
  return Invoke(*this, *budgets_, &pb::BudgetService::Stub::SetBudget, request);
}

absl::StatusOr<pb::RemoveBudgetResponse> Connection::RemoveBudget(
    const pb::RemoveBudgetRequest& request) {
  return Invoke(*this, *budgets_, &pb::BudgetService::Stub::RemoveBudget, request);
}

absl::StatusOr<pb::ListBudgetsResponse> Connection::ListBudgets(
    const pb::ListBudgetsRequest& request) {
  return Invoke(*this, *budgets_, &pb::BudgetService::Stub::ListBudgets, request);
}

absl::Status Connection::Watch(const pb::WatchRequest& request, grpc::ClientContext& context,
                               const std::function<void(const pb::WatchResponse&)>& take) {
  const auto stream = budgets_->Watch(&context, request);
  pb::WatchResponse response;
  while (stream->Read(&response)) {
    take(response);
  }
  return ToStatus(stream->Finish());
}

absl::StatusOr<pb::GetTopResponse> Connection::GetTop(const pb::GetTopRequest& request) {
  return Invoke(*this, *query_, &pb::QueryService::Stub::GetTop, request);
}

absl::StatusOr<pb::GetWorkflowsResponse> Connection::GetWorkflows(
    const pb::GetWorkflowsRequest& request) {
  return Invoke(*this, *query_, &pb::QueryService::Stub::GetWorkflows, request);
}

absl::StatusOr<pb::GetRunResponse> Connection::GetRun(const pb::GetRunRequest& request) {
  return Invoke(*this, *query_, &pb::QueryService::Stub::GetRun, request);
}

absl::StatusOr<pb::GetSpansResponse> Connection::GetSpans(const pb::GetSpansRequest& request) {
  return Invoke(*this, *query_, &pb::QueryService::Stub::GetSpans, request);
}

absl::StatusOr<pb::GetSeriesResponse> Connection::GetSeries(const pb::GetSeriesRequest& request) {
  return Invoke(*this, *query_, &pb::QueryService::Stub::GetSeries, request);
}

absl::StatusOr<pb::GetOutliersResponse> Connection::GetOutliers(
    const pb::GetOutliersRequest& request) {
  return Invoke(*this, *query_, &pb::QueryService::Stub::GetOutliers, request);
}

absl::StatusOr<pb::CompareResponse> Connection::Compare(const pb::CompareRequest& request) {
  return Invoke(*this, *analysis_, &pb::AnalysisService::Stub::Compare, request);
}

absl::StatusOr<pb::GetWastedResponse> Connection::GetWasted(const pb::GetWastedRequest& request) {
  return Invoke(*this, *analysis_, &pb::AnalysisService::Stub::GetWasted, request);
}

absl::StatusOr<pb::WhatIfResponse> Connection::WhatIf(const pb::WhatIfRequest& request) {
  return Invoke(*this, *analysis_, &pb::AnalysisService::Stub::WhatIf, request);
}

absl::StatusOr<pb::AdviseResponse> Connection::Advise(const pb::AdviseRequest& request) {
  return Invoke(*this, *analysis_, &pb::AnalysisService::Stub::Advise, request);
}

absl::StatusOr<pb::ExplainCallResponse> Connection::ExplainCall(
    const pb::ExplainCallRequest& request) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::ExplainCall, request);
}

absl::StatusOr<pb::GetMissingRatesResponse> Connection::GetMissingRates(
    const pb::GetMissingRatesRequest& request) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::GetMissingRates, request);
}

absl::StatusOr<pb::ListRatesResponse> Connection::ListRates(const pb::ListRatesRequest& request) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::ListRates, request);
}

absl::StatusOr<pb::SetRatesResponse> Connection::SetRates(const pb::SetRatesRequest& request,
                                                          absl::Duration timeout) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::SetRates, request, timeout);
}

absl::StatusOr<pb::RemoveRatesResponse> Connection::RemoveRates(
    const pb::RemoveRatesRequest& request, absl::Duration timeout) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::RemoveRates, request, timeout);
}

absl::StatusOr<pb::RepriceResponse> Connection::Reprice(const pb::RepriceRequest& request,
                                                        absl::Duration timeout) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::Reprice, request, timeout);
}

absl::StatusOr<pb::RepriceResponse> Connection::UndoRepricing(
    const pb::UndoRepricingRequest& request, absl::Duration timeout) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::UndoRepricing, request, timeout);
}

absl::StatusOr<pb::ListRepricingsResponse> Connection::ListRepricings(
    const pb::ListRepricingsRequest& request) {
  return Invoke(*this, *rates_, &pb::RatesService::Stub::ListRepricings, request);
}

absl::StatusOr<pb::GetServerInfoResponse> Connection::GetServerInfo(
    const pb::GetServerInfoRequest& request) {
  return Invoke(*this, *server_info_, &pb::ServerInfoService::Stub::GetServerInfo, request);
}

absl::StatusOr<pb::WriteResponse> Connection::Write(const pb::WriteRequest& request) {
  return Invoke(*this, *ingest_, &pb::IngestService::Stub::Write, request);
}

absl::StatusOr<pb::VerifyResponse> Connection::Verify(const pb::VerifyRequest& request) {
  return Invoke(*this, *admin_, &pb::AdminService::Stub::Verify, request, kAdminTimeout);
}

absl::StatusOr<pb::BackupResponse> Connection::Backup(const pb::BackupRequest& request) {
  return Invoke(*this, *admin_, &pb::AdminService::Stub::Backup, request, kAdminTimeout);
}

}  // namespace itemized::client
