// SPDX-License-Identifier: Apache-2.0
#include "bench/load/repricing.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/rates.grpc.pb.h"

#include "bench/load/ingest.h"
#include "bench/load/queries.h"
#include "bench/load/workload.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kWindow = 256;  // The load is to be limited by time alone.

// What became of one job.
struct Job {
  v1::RepricingJob job;
  double seconds = 0;
};

// Waits for the end of the job that `begin` asks for.
template <typename Begin>
absl::StatusOr<Job> RunJob(const std::string& address, Begin begin) {
  const auto stub =
      v1::RatesService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  const auto start = SteadyClock::now();
  grpc::ClientContext context;
  v1::RepriceResponse answer;
  const grpc::Status status = begin(*stub, &context, &answer);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("Repricing failed: ", status.error_message()));
  }
  return Job{answer.job(), std::chrono::duration<double>(SteadyClock::now() - start).count()};
}

absl::StatusOr<Job> RepriceAll(const std::string& address) {
  return RunJob(address, [](auto& stub, auto* context, auto* answer) {
    return stub.Reprice(context, v1::RepriceRequest(), answer);
  });
}

absl::StatusOr<Job> Undo(const std::string& address, int64_t id) {
  return RunJob(address, [id](auto& stub, auto* context, auto* answer) {
    v1::UndoRepricingRequest request;
    request.set_id(id);
    return stub.UndoRepricing(context, request, answer);
  });
}

absl::Status CheckDoubled(const v1::RepricingJob& job) {
  ASSIGN_OR_RETURN(const Picos before, ParseUsd(job.before_usd()));
  ASSIGN_OR_RETURN(const Picos after, ParseUsd(job.after_usd()));
  if (before == 0 || after != 2 * before) {
    return absl::InternalError(
        absl::StrCat("Costs of ", job.before_usd(), " became ", job.after_usd(), ", not twice."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RepricingFigures> RunRepricing(
    const std::string& address, const std::vector<std::vector<grpc::ByteBuffer>>& messages,
    double calls_per_s) {
  RETURN_IF_ERROR(SetModelRates(address, 2));
  const double batches_per_s = calls_per_s / static_cast<double>(messages.size() * kBatchCalls);
  const auto interval = std::chrono::nanoseconds(static_cast<int64_t>(1e9 / batches_per_s));
  std::atomic<bool> is_done = false;
  absl::StatusOr<Job> job = absl::UnknownError("");
  std::thread repricing([&] {
    job = RepriceAll(address);
    is_done = true;
  });
  const absl::StatusOr<IngestFigures> ingest =
      RunIngest(address, messages, kWindow, interval, &is_done);
  repricing.join();
  RETURN_IF_ERROR(job.status());
  RETURN_IF_ERROR(ingest.status());
  RETURN_IF_ERROR(CheckDoubled(job->job));
  ASSIGN_OR_RETURN(const Job undone, Undo(address, job->job.id()));
  const auto calls = static_cast<double>(job->job.calls());
  return RepricingFigures{
      .calls_per_s = static_cast<double>(undone.job.calls()) / undone.seconds,
      .seconds_beside = job->seconds,
      .calls_per_s_beside = calls / job->seconds,
      .ingest_share = static_cast<double>(ingest->accepted) / ingest->seconds / calls_per_s,
      .ack_p50_ms = ingest->ack_p50_ms,
      .ack_p99_ms = ingest->ack_p99_ms};
}

}  // namespace itemized::bench
