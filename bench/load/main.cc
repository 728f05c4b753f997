// itemized-bench: drives fresh servers with the workload and reports figures.
//
// Messages are generated and serialised before the clock starts and sent as
// bytes, so that a figure is the server's with the transport, not that of
// building objects in a client.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "google/protobuf/stubs/common.h"
#include "grpcpp/grpcpp.h"
#include <sys/resource.h>
#include <sys/utsname.h>

#include "bench/load/encode.h"
#include "bench/load/ingest.h"
#include "bench/load/queries.h"
#include "bench/load/report.h"
#include "bench/load/server_process.h"
#include "bench/load/workload.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::bench {
namespace {

constexpr int kStreams = 2;

struct Flags {
  std::string server = "build/bin/itemized";
  std::string work_dir = "build";
  std::vector<int64_t> calls = {1'000'000, 10'000'000};
  std::vector<std::string> forms = {"rows", "columns"};
  std::string json;
  std::string commit = "unknown";
  std::string versions;
  uint64_t seed = 1;
  int window = 16;
  int rounds = 1;
  bool no_queries = false;
};

// One run of one server.
struct Job {
  const Flags& flags;
  std::string form;
  int64_t calls;
  std::string prefix;    // Of figure names; "" for the largest run.
  bool ask = false;      // Times queries as well.
  bool with_ids = true;  // Events have ids of their own.
};

struct Prepared {
  std::vector<std::vector<grpc::ByteBuffer>> messages;  // By stream.
  double bytes = 0;
  int64_t events = 0;
  Picos cost = 0;
  QueryPlan plan;
};

double ClientCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

Prepared Prepare(const Job& job) {
  Prepared prepared;
  prepared.messages.resize(kStreams);
  // The last whole minute: the workload's end is not in the server's future.
  prepared.plan.end_us = absl::ToUnixMicros(absl::Now()) / 60'000'000 * 60'000'000;
  Workload workload(
      {.seed = job.flags.seed, .calls = job.calls, .end_us = prepared.plan.end_us, .days = 30});
  const Form form = job.form == "rows" ? Form::kRows : Form::kColumns;
  std::vector<Encoder> encoders;
  for (int i = 0; i < kStreams; ++i) {
    const uint64_t sender = 0xC0FFEE1234567890u * (job.flags.seed + 1) + static_cast<uint64_t>(i);
    encoders.emplace_back(form, job.with_ids ? absl::StrFormat("%016x", sender) : "");
  }
  for (size_t sequence = 0; !workload.Done(); ++sequence) {
    const WorkloadBatch batch = workload.NextBatch();
    prepared.events += static_cast<int64_t>(batch.calls.size() + batch.completions.size());
    const size_t stream = sequence % kStreams;
    prepared.messages[stream].push_back(encoders[stream].Encode(batch, sequence));
    prepared.bytes += static_cast<double>(prepared.messages[stream].back().Length());
  }
  prepared.cost = workload.expected_cost();
  prepared.plan.runs = workload.sampled_runs();
  return prepared;
}

absl::Status RunQueriesOf(const Job& job, const std::string& address, const QueryPlan& plan,
                          Report* report) {
  ASSIGN_OR_RETURN(const std::vector<QueryFigures> all, RunQueries(address, plan));
  for (const QueryFigures& figures : all) {
    const std::string name = absl::StrCat(job.prefix, "query.", figures.name);
    if (figures.name == "attribute_scan") {
      report->Add(absl::StrCat(name, ".ms"), figures.p50_ms, "ms");
      continue;
    }
    report->Add(absl::StrCat(name, ".p50_ms"), figures.p50_ms, "ms");
    report->Add(absl::StrCat(name, ".p99_ms"), figures.p99_ms, "ms");
  }
  return absl::OkStatus();
}

absl::Status RunIngestOf(const Job& job, const Prepared& prepared, const ServerProcess& server,
                         Report* report) {
  const double server_cpu = server.CpuSeconds();
  const double client_cpu = ClientCpuSeconds();
  ASSIGN_OR_RETURN(const IngestFigures figures,
                   RunIngest(server.grpc_address(), prepared.messages, job.flags.window));
  if (figures.accepted != prepared.events) {
    return absl::InternalError(
        absl::StrCat("Accepted were ", figures.accepted, " of ", prepared.events, " events."));
  }
  const double calls = static_cast<double>(job.calls);
  const std::string name = absl::StrCat(job.prefix, "ingest.", job.form, ".");
  report->Add(name + "calls_per_s", calls / figures.seconds, "calls/s");
  report->Add(name + "ack_p50_ms", figures.ack_p50_ms, "ms");
  report->Add(name + "ack_p99_ms", figures.ack_p99_ms, "ms");
  report->Add(name + "server_cpu_us_per_call", (server.CpuSeconds() - server_cpu) / calls * 1e6,
              "us");
  report->Add(name + "client_cpu_us_per_call", (ClientCpuSeconds() - client_cpu) / calls * 1e6,
              "us");
  report->Add(name + "wire_bytes_per_call", prepared.bytes / calls, "bytes");
  return absl::OkStatus();
}

absl::Status Run(const Job& job, Report* report) {
  std::fprintf(stderr, "%lld calls as %s: preparing\n", static_cast<long long>(job.calls),
               job.form.c_str());
  Prepared prepared = Prepare(job);
  ASSIGN_OR_RETURN(const auto server, ServerProcess::Start(job.flags.server, job.flags.work_dir));
  RETURN_IF_ERROR(SetModelRates(server->grpc_address()));
  RETURN_IF_ERROR(RunIngestOf(job, prepared, *server, report));
  prepared.messages.clear();
  RETURN_IF_ERROR(CheckTotals(server->grpc_address(), job.calls, prepared.cost, prepared.plan));
  if (job.ask) {
    RETURN_IF_ERROR(RunQueriesOf(job, server->grpc_address(), prepared.plan, report));
    report->Add(absl::StrCat(job.prefix, "memory.rss_mib"), server->RssMib(), "MiB");
    report->Add(absl::StrCat(job.prefix, "memory.peak_rss_mib"), server->PeakRssMib(), "MiB");
  }
  RETURN_IF_ERROR(server->Stop());
  if (job.ask) {
    report->Add(absl::StrCat(job.prefix, "disk.bytes_per_call"),
                server->DiskBytes() / static_cast<double>(job.calls), "bytes");
  }
  return absl::OkStatus();
}

struct Cost {
  double server_cpu_us = 0;  // Of a call.
  double disk_bytes = 0;
};

absl::StatusOr<Cost> CostOf(const Job& job) {
  const Prepared prepared = Prepare(job);
  ASSIGN_OR_RETURN(const auto server, ServerProcess::Start(job.flags.server, job.flags.work_dir));
  RETURN_IF_ERROR(SetModelRates(server->grpc_address()));
  const double cpu = server->CpuSeconds();
  RETURN_IF_ERROR(RunIngest(server->grpc_address(), prepared.messages, job.flags.window).status());
  const double calls = static_cast<double>(job.calls);
  Cost cost{.server_cpu_us = (server->CpuSeconds() - cpu) / calls * 1e6};
  RETURN_IF_ERROR(server->Stop());
  cost.disk_bytes = server->DiskBytes() / calls;
  return cost;
}

// What it takes to know an event again by its id: the same calls with and without.
absl::Status RunIdentity(const Flags& flags, Report* report) {
  Job job{.flags = flags,
          .form = "columns",
          .calls = *std::min_element(flags.calls.begin(), flags.calls.end()),
          .prefix = ""};
  std::fprintf(stderr, "%lld calls with and without ids\n", static_cast<long long>(job.calls));
  ASSIGN_OR_RETURN(const Cost with, CostOf(job));
  job.with_ids = false;
  ASSIGN_OR_RETURN(const Cost without, CostOf(job));
  report->Add("identity.disk_bytes_per_call", with.disk_bytes - without.disk_bytes, "bytes");
  report->Add("identity.server_cpu_us_per_call", with.server_cpu_us - without.server_cpu_us, "us");
  return absl::OkStatus();
}

std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos) {
      return line.substr(line.find(": ") + 2);
    }
  }
  return "unknown processor";
}

std::string Machine() {
  utsname system{};
  uname(&system);
  const double gib = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                     static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 30);
  return absl::StrFormat("%s, %d processors, %.0f GiB, %s %s", CpuName(),
                         std::thread::hardware_concurrency(), gib, system.sysname, system.release);
}

void DescribeRun(const Flags& flags, int64_t largest, Report* report) {
  report->Describe(
      "workload",
      absl::StrFormat("%d calls (prefix \"at_N.\": N calls) over 30 days in time order, 200 steps "
                      "Zipf(1.1), log-normal tokens, 6 models, 20 workflows, 11 calls a run, 92%% "
                      "of runs completed, tenant on 5%% of calls; seed %d; batches of 1,000 "
                      "serialised beforehand, %d streams x window %d; queries at rest on one "
                      "connection, 200 of a kind after 20; medians of %d rounds",
                      largest, flags.seed, kStreams, flags.window, flags.rounds));
  report->Describe("versions", absl::StrCat("gRPC ", grpc::Version(), ", compiler ", __VERSION__,
                                            flags.versions.empty() ? "" : ", ", flags.versions));
  report->Describe("machine", Machine());
  report->Describe("commit", flags.commit);
}

absl::Status RunAll(const Flags& flags, Report* report) {
  const int64_t largest = *std::max_element(flags.calls.begin(), flags.calls.end());
  DescribeRun(flags, largest, report);
  for (int round = 0; round < flags.rounds; ++round) {
    for (const int64_t calls : flags.calls) {
      for (const std::string& form : flags.forms) {
        const std::string prefix = calls == largest ? "" : absl::StrCat("at_", calls, ".");
        RETURN_IF_ERROR(Run({.flags = flags,
                             .form = form,
                             .calls = calls,
                             .prefix = prefix,
                             .ask = !flags.no_queries && form == flags.forms.back()},
                            report));
      }
    }
    RETURN_IF_ERROR(RunIdentity(flags, report));
  }
  return absl::OkStatus();
}

int Main(const Flags& flags) {
  Report report;
  absl::Status status = RunAll(flags, &report);
  if (status.ok()) {
    std::fputs(report.ToTable().c_str(), stdout);
    status = flags.json.empty() ? absl::OkStatus() : report.WriteJson(flags.json);
  }
  if (!status.ok()) {
    std::fprintf(stderr, "itemized-bench: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace itemized::bench

int main(int argc, char** argv) {
  itemized::bench::Flags flags;
  CLI::App app("Measures an itemized server: ingest, queries, disk and memory.");
  app.add_option("--server", flags.server, "The server program")->capture_default_str();
  app.add_option("--work-dir", flags.work_dir, "Where stores are made")->capture_default_str();
  app.add_option("--calls", flags.calls, "Sizes, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(int64_t{1000}, int64_t{100'000'000}));
  app.add_option("--forms", flags.forms, "rows, columns; queries run after the last named")
      ->delimiter(',')
      ->check(CLI::IsMember({"rows", "columns"}));
  app.add_option("--rounds", flags.rounds, "Repetitions, interleaved")->capture_default_str();
  app.add_option("--window", flags.window, "Unacknowledged batches of a stream")
      ->capture_default_str();
  app.add_flag("--no-queries", flags.no_queries, "Ingest only");
  app.add_option("--seed", flags.seed, "Of the workload")->capture_default_str();
  app.add_option("--json", flags.json, "Writes the figures to this file as well");
  app.add_option("--commit", flags.commit, "Written into the report");
  app.add_option("--versions", flags.versions, "Written into the report");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return itemized::bench::Main(flags);
}
