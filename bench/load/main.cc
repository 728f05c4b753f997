// SPDX-License-Identifier: Apache-2.0
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
#include "grpcpp/grpcpp.h"
#include <sys/utsname.h>

#include "bench/load/report.h"
#include "bench/load/scenario.h"

namespace itemized::bench {
namespace {

struct Flags {
  ScenarioOptions scenario;
  std::string json;
  std::string commit = "unknown";
  std::string versions;
};

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

void DescribeRun(const Flags& flags, Report* report) {
  const ScenarioOptions& scenario = flags.scenario;
  report->Describe(
      "workload",
      absl::StrFormat("%d calls (prefix \"at_N.\": N calls) over 30 days in time order, 200 steps "
                      "Zipf(1.1), log-normal tokens, 6 models, 20 workflows, 11 calls a run, 92%% "
                      "of runs completed, tenant on 5%% of calls; seed %d; batches of 1,000 "
                      "serialised beforehand, %d streams x window %d; queries at rest on one "
                      "connection, 200 of a kind after 20; medians of %d rounds",
                      *std::max_element(scenario.calls.begin(), scenario.calls.end()),
                      scenario.seed, kStreams, scenario.window, scenario.rounds));
  report->Describe("versions", absl::StrCat("gRPC ", grpc::Version(), ", compiler ", __VERSION__,
                                            flags.versions.empty() ? "" : ", ", flags.versions));
  report->Describe("machine", Machine());
  report->Describe("commit", flags.commit);
}

int Main(const Flags& flags) {
  Report report;
  DescribeRun(flags, &report);
  absl::Status status = RunScenarios(flags.scenario, &report);
  // What was measured before an error took too long to be thrown away.
  std::fputs(report.ToTable().c_str(), stdout);
  if (!flags.json.empty()) {
    status.Update(report.WriteJson(flags.json));
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
  itemized::bench::ScenarioOptions& scenario = flags.scenario;
  CLI::App app("Measures an itemized server: ingest, queries, disk and memory.");
  app.add_option("--server", scenario.server, "The server program")->capture_default_str();
  app.add_option("--work-dir", scenario.work_dir, "Where stores are made")->capture_default_str();
  app.add_option("--calls", scenario.calls, "Sizes, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(int64_t{1000}, int64_t{100'000'000}));
  app.add_option("--forms", scenario.forms, "rows, columns; queries run after the last named")
      ->delimiter(',')
      ->check(CLI::IsMember({"rows", "columns"}));
  app.add_option("--rounds", scenario.rounds, "Repetitions, interleaved")->capture_default_str();
  app.add_option("--window", scenario.window, "Unacknowledged batches of a stream")
      ->capture_default_str();
  app.add_option("--spans", scenario.spans, "How many spans of OpenTelemetry are sent")
      ->check(CLI::Range(int64_t{1'000}, int64_t{100'000'000}))
      ->capture_default_str();
  app.add_option("--only", scenario.only, "queries, spans, or repricing with the load beside it")
      ->check(CLI::IsMember({"queries", "spans", "repricing"}));
  app.add_flag("--no-queries", scenario.ingest_only, "Ingest only");
  app.add_option("--kind-seconds", scenario.kind_seconds, "At most, for one kind of query")
      ->capture_default_str();
  app.add_option("--peer-program", scenario.peer_program, "itemized-peer, to run other databases");
  app.add_option("--peer-arguments", scenario.peer_arguments, "For it, separated by commas")
      ->delimiter(',');
  app.add_option("--slow-peer-calls", scenario.slow_peer_calls_max,
                 "At most, into PostgreSQL and SQLite")
      ->capture_default_str();
  app.add_option("--seed", scenario.seed, "Of the workload")->capture_default_str();
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
