// SPDX-License-Identifier: Apache-2.0
#include "bench/load/scenario.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <sys/resource.h>

#include "bench/load/ingest.h"
#include "bench/load/job.h"
#include "bench/load/mixed.h"
#include "bench/load/peers.h"
#include "bench/load/queries.h"
#include "bench/load/questions.h"
#include "bench/load/ratios.h"
#include "bench/load/repricing.h"
#include "bench/load/server_process.h"
#include "bench/load/spans.h"
#include "bench/load/trace.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

constexpr int64_t kLatencyCalls = 1'000'000;  // These are sent at half load,
constexpr int kLatencyDays = 3;               // as dense as 10 million in 30 days.
constexpr int kLatencyWindow = 256;           // The load is to be limited by time alone.
constexpr int kUnaryCallers = 8;
constexpr double kUnarySeconds = 5;

double ClientCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

absl::Status AddQueries(const Job& job, const std::string& address, const QueryPlan& plan,
                        Report* report) {
  ASSIGN_OR_RETURN(const std::vector<QueryFigures> all,
                   RunQueries(address, plan, job.options.kind_seconds));
  for (const QueryFigures& figures : all) {
    const std::string name = absl::StrCat(job.prefix, "query.", figures.name);
    if (figures.name == "by_attribute" || absl::StartsWith(figures.name, "same.")) {
      report->Add(absl::StrCat(name, ".ms"), figures.p50_ms, "ms");
      continue;
    }
    report->Add(absl::StrCat(name, ".p50_ms"), figures.p50_ms, "ms");
    report->Add(absl::StrCat(name, ".p99_ms"), figures.p99_ms, "ms");
  }
  return absl::OkStatus();
}

absl::Status AddIngest(const Job& job, const Prepared& prepared, const ServerProcess& server,
                       Report* report) {
  const double server_cpu = server.CpuSeconds();
  const double client_cpu = ClientCpuSeconds();
  ASSIGN_OR_RETURN(const IngestFigures figures,
                   RunIngest(server.grpc_address(), prepared.messages, job.options.window));
  if (figures.accepted != prepared.events) {
    return absl::InternalError(
        absl::StrCat("Accepted were ", figures.accepted, " of ", prepared.events, " events."));
  }
  const double server_used = server.CpuSeconds() - server_cpu;
  const double client_used = ClientCpuSeconds() - client_cpu;
  // A figure counts only if the answers are right.
  RETURN_IF_ERROR(
      CheckAnswers(server.grpc_address(), prepared.answers, prepared.plan, {Question::kTop}));
  const double calls = static_cast<double>(job.calls);
  const std::string name = absl::StrCat(job.prefix, "ingest.", job.form, ".");
  report->Add(name + "calls_per_s", calls / figures.seconds, "calls/s");
  report->Add(name + "ack_p50_ms", figures.ack_p50_ms, "ms");
  report->Add(name + "ack_p99_ms", figures.ack_p99_ms, "ms");
  report->Add(name + "server_cpu_us_per_call", server_used / calls * 1e6, "us");
  report->Add(name + "client_cpu_us_per_call", client_used / calls * 1e6, "us");
  report->Add(name + "wire_bytes_per_call", prepared.bytes / calls, "bytes");
  return absl::OkStatus();
}

// What is known only once the queries have been asked.
absl::Status AddSizes(const Job& job, const Prepared& prepared, ServerProcess* server,
                      Report* report) {
  report->Add(absl::StrCat(job.prefix, "memory.rss_mib"), server->RssMib(), "MiB");
  report->Add(absl::StrCat(job.prefix, "memory.peak_rss_mib"), server->PeakRssMib(), "MiB");
  ASSIGN_OR_RETURN(const double seconds, server->KillAndStart());
  report->Add(absl::StrCat(job.prefix, "open_after_kill.s"), seconds, "s");
  RETURN_IF_ERROR(
      CheckAnswers(server->grpc_address(), prepared.answers, prepared.plan, {Question::kTop}));
  RETURN_IF_ERROR(server->Stop());
  report->Add(absl::StrCat(job.prefix, "disk.bytes_per_call"),
              server->DiskBytes() / static_cast<double>(job.calls), "bytes");
  return absl::OkStatus();
}

absl::Status RunJob(const Job& job, Report* report) {
  Say(job.calls, absl::StrCat("as ", job.form, ": making them"));
  Prepared prepared = Prepare(job);
  ASSIGN_OR_RETURN(const auto server,
                   ServerProcess::Start(job.options.server, job.options.work_dir));
  RETURN_IF_ERROR(SetModelRates(server->grpc_address()));
  Say(job.calls, absl::StrCat("as ", job.form, ": sending"));
  RETURN_IF_ERROR(AddIngest(job, prepared, *server, report));
  prepared.messages.clear();
  if (!job.ask) {
    return server->Stop();
  }
  server->AwaitRest();
  Say(job.calls, "in the books: asking");
  RETURN_IF_ERROR(
      CheckAnswers(server->grpc_address(), prepared.answers, prepared.plan, kQuestions));
  RETURN_IF_ERROR(AddQueries(job, server->grpc_address(), prepared.plan, report));
  return AddSizes(job, prepared, server.get(), report);
}

struct Cost {
  double server_cpu_us = 0;  // The server's CPU time for a call.
  double disk_bytes = 0;
};

absl::StatusOr<Cost> CostOf(const Job& job) {
  const Prepared prepared = Prepare(job);
  ASSIGN_OR_RETURN(const auto server,
                   ServerProcess::Start(job.options.server, job.options.work_dir));
  RETURN_IF_ERROR(SetModelRates(server->grpc_address()));
  const double cpu = server->CpuSeconds();
  RETURN_IF_ERROR(
      RunIngest(server->grpc_address(), prepared.messages, job.options.window).status());
  const double calls = static_cast<double>(job.calls);
  Cost cost{.server_cpu_us = (server->CpuSeconds() - cpu) / calls * 1e6};
  RETURN_IF_ERROR(server->Stop());
  cost.disk_bytes = server->DiskBytes() / calls;
  return cost;
}

// What it takes to know an event again by its id: the same calls with and without.
absl::Status RunIdentity(const ScenarioOptions& options, Report* report) {
  Job job{.options = options,
          .form = "columns",
          .calls = *std::min_element(options.calls.begin(), options.calls.end()),
          .prefix = ""};
  Say(job.calls, "with and without ids");
  ASSIGN_OR_RETURN(const Cost with, CostOf(job));
  job.with_ids = false;
  ASSIGN_OR_RETURN(const Cost without, CostOf(job));
  report->Add("identity.disk_bytes_per_call", with.disk_bytes - without.disk_bytes, "bytes");
  report->Add("identity.server_cpu_us_per_call", with.server_cpu_us - without.server_cpu_us, "us");
  return absl::OkStatus();
}

// How long one sender waits while the server is busy, but not full; callers that send one
// call each; and what a traced call takes of its caller.
absl::Status RunLatencies(const ScenarioOptions& options, Report* report) {
  const double full = report->Value("ingest.columns.calls_per_s");
  const Job job{.options = options,
                .form = "columns",
                .calls = kLatencyCalls,
                .prefix = "",
                .days = kLatencyDays};
  const Prepared prepared = Prepare(job);
  ASSIGN_OR_RETURN(const auto server, ServerProcess::Start(options.server, options.work_dir));
  RETURN_IF_ERROR(SetModelRates(server->grpc_address()));
  if (full > 0) {
    Say(job.calls, "at half load");
    const auto interval =
        std::chrono::nanoseconds(static_cast<int64_t>(1e9 * kStreams * kBatchCalls / (full / 2)));
    ASSIGN_OR_RETURN(
        const IngestFigures figures,
        RunIngest(server->grpc_address(), prepared.messages, kLatencyWindow, interval));
    report->Add("ingest.ack_half_load.p50_ms", figures.ack_p50_ms, "ms");
    report->Add("ingest.ack_half_load.p99_ms", figures.ack_p99_ms, "ms");
  }
  std::fprintf(stderr, "single calls: %d callers, then traced ones\n", kUnaryCallers);
  ASSIGN_OR_RETURN(const double unary,
                   RunUnary(server->grpc_address(), kUnaryCallers, kUnarySeconds));
  report->Add("ingest.unary8.calls_per_s", unary, "calls/s");
  ASSIGN_OR_RETURN(const double trace_ns, TraceNanoseconds(server->grpc_address()));
  report->Add("client.trace.ns", trace_ns, "ns");
  return server->Stop();
}

// Starts a server with the calls of `job` in its books, and nothing left to do.
absl::StatusOr<std::unique_ptr<ServerProcess>> StartFilled(const Job& job) {
  const Prepared prepared = Prepare(job);
  ASSIGN_OR_RETURN(auto server, ServerProcess::Start(job.options.server, job.options.work_dir));
  RETURN_IF_ERROR(SetModelRates(server->grpc_address()));
  RETURN_IF_ERROR(
      RunIngest(server->grpc_address(), prepared.messages, job.options.window).status());
  server->AwaitRest();
  return server;
}

// Pricing a store again while calls come in, half as many as can.
absl::Status RunRepricing(const ScenarioOptions& options, int64_t calls, Report* report) {
  const double full = report->Value("ingest.columns.calls_per_s");
  if (full == 0) {
    return absl::OkStatus();
  }
  Job job{.options = options, .form = "columns", .calls = calls, .prefix = ""};
  ASSIGN_OR_RETURN(const auto server, StartFilled(job));
  job.calls = 3 * calls;
  job.set = 1'000'000;
  const Prepared prepared = Prepare(job);
  Say(calls, "in the books: pricing them again");
  ASSIGN_OR_RETURN(const RepricingFigures figures,
                   bench::RunRepricing(server->grpc_address(), prepared.messages, full / 2));
  report->Add("repricing.calls_per_s", figures.calls_per_s, "calls/s");
  report->Add("repricing.beside_ingest.s", figures.seconds_beside, "s");
  report->Add("repricing.beside_ingest.calls_per_s", figures.calls_per_s_beside, "calls/s");
  report->Add("repricing.ingest.share_of_half_load", figures.ingest_share, "x");
  report->Add("repricing.ingest.ack_p50_ms", figures.ack_p50_ms, "ms");
  report->Add("repricing.ingest.ack_p99_ms", figures.ack_p99_ms, "ms");
  return server->Stop();
}

// People who have the page open while calls come in.
absl::Status RunMixed(const ScenarioOptions& options, int64_t calls, Report* report) {
  Job job{.options = options, .form = "columns", .calls = calls, .prefix = ""};
  ASSIGN_OR_RETURN(const auto server, StartFilled(job));
  const auto seconds_max = std::max(int64_t{1}, static_cast<int64_t>(options.kind_seconds));
  job.calls = kMixedCallsPerSecond * std::min(kMixedSeconds, seconds_max);
  job.days = 1;
  job.set = 2'000'000;
  const Prepared prepared = Prepare(job);
  Say(calls, "in the books: 32 pages are open");
  ASSIGN_OR_RETURN(const MixedFigures figures,
                   bench::RunMixed(server->grpc_address(), prepared.messages, prepared.plan));
  report->Add("query.mixed32.p50_ms", figures.p50_ms, "ms");
  report->Add("query.mixed32.p99_ms", figures.p99_ms, "ms");
  report->Add("query.mixed32.answers", figures.answers, "");
  report->Add("query.mixed32.ingest_share", figures.ingest_share, "x");
  report->Add("query.mixed32.ingest_calls_per_s", figures.ingest_calls_per_s, "calls/s");
  return server->Stop();
}

// Spans of OpenTelemetry, from exporters that send a hundred at a time.
absl::Status RunSpans(const ScenarioOptions& options, Report* report) {
  std::fprintf(stderr, "%lld spans of OpenTelemetry\n", static_cast<long long>(options.spans));
  ASSIGN_OR_RETURN(const auto server, ServerProcess::Start(options.server, options.work_dir));
  ASSIGN_OR_RETURN(const SpansFigures figures,
                   bench::RunSpans(server->grpc_address(), options.spans / 100 * 100,
                                   [&server] { return server->CpuSeconds(); }));
  report->Add("spans.per_s", figures.spans_per_s, "spans/s");
  report->Add("spans.server_cpu_us_per_span", figures.cpu_us, "us");
  report->Add("spans.ack_p50_ms", figures.ack_p50_ms, "ms");
  report->Add("spans.ack_p99_ms", figures.ack_p99_ms, "ms");
  report->Add("spans.again_per_s", figures.again_per_s, "spans/s");
  report->Add("spans.peak_rss_mib", server->PeakRssMib(), "MiB");
  RETURN_IF_ERROR(server->Stop());
  report->Add("spans.disk_bytes_per_span", server->DiskBytes() / static_cast<double>(options.spans),
              "bytes");
  return absl::OkStatus();
}

absl::Status RunOthers(const ScenarioOptions& options, int64_t calls, Report* report) {
  return RunPeers({.program = options.peer_program,
                   .arguments = options.peer_arguments,
                   .work_dir = options.work_dir,
                   .seed = options.seed,
                   .end_us = LastMinuteUs(),
                   .calls = calls,
                   .slow_calls_max = options.slow_peer_calls_max},
                  report);
}

absl::Status RunRound(const ScenarioOptions& options, int64_t largest, Report* report) {
  if (options.only == "spans") {
    return RunSpans(options, report);
  }
  if (options.only == "repricing") {
    RETURN_IF_ERROR(
        RunJob({.options = options, .form = "columns", .calls = largest, .prefix = ""}, report));
    return RunRepricing(options, largest, report);
  }
  for (const int64_t calls : options.calls) {
    for (const std::string& form : options.forms) {
      RETURN_IF_ERROR(RunJob({.options = options,
                              .form = form,
                              .calls = calls,
                              .prefix = calls == largest ? "" : absl::StrCat("at_", calls, "."),
                              .ask = !options.ingest_only && form == options.forms.back()},
                             report));
    }
  }
  if (options.ingest_only) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(RunMixed(options, largest, report));
  if (options.only == "queries") {
    return RunOthers(options, largest, report);
  }
  RETURN_IF_ERROR(RunIdentity(options, report));
  RETURN_IF_ERROR(RunLatencies(options, report));
  RETURN_IF_ERROR(RunRepricing(options, largest, report));
  RETURN_IF_ERROR(RunSpans(options, report));
  return RunOthers(options, largest, report);
}

}  // namespace

absl::Status RunScenarios(const ScenarioOptions& options, Report* report) {
  const int64_t largest = *std::max_element(options.calls.begin(), options.calls.end());
  absl::Status status;
  for (int round = 0; round < options.rounds && status.ok(); ++round) {
    status = RunRound(options, largest, report);
  }
  AddRatios(report);
  return status;
}

}  // namespace itemized::bench
