// SPDX-License-Identifier: Apache-2.0
#include "bench/load/peers.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "bench/load/totals.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

// One of the other databases, and the names of its figures; empty: not of interest.
struct PeerJob {
  const char* name;
  const char* insert_figure;
  const char* top_figure;
  int batches;  // How many batches of 1,000 calls are in one transaction.
  bool is_slow;
};
constexpr PeerJob kJobs[] = {
    {"duckdb", "peer.duckdb.ingest_1000.calls_per_s", "peer.duckdb.top.ms", 1, false},
    {"clickhouse", "peer.clickhouse.ingest_10000.calls_per_s", "peer.clickhouse.top.ms", 10, false},
    {"clickhouse_mv", "peer.clickhouse_mv.ingest_10000.calls_per_s", "peer.clickhouse_mv.top.ms",
     10, false},
    {"postgres", "peer.postgres.ingest_1000.calls_per_s", "", 1, true},
    {"sqlite", "peer.sqlite.ingest_1000.calls_per_s", "", 1, true},
};

struct PeerAnswer {
  double calls_per_s = 0;
  double top_ms = 0;
  std::vector<NamedTotal> steps;
};

absl::Status ParseLine(absl::string_view line, PeerAnswer* answer) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  bool good = false;
  if (words.size() == 2 && words[0] == "insert") {
    good = absl::SimpleAtod(words[1], &answer->calls_per_s);
  } else if (words.size() == 2 && words[0] == "top") {
    good = absl::SimpleAtod(words[1], &answer->top_ms);
  } else if (words.size() == 4 && words[0] == "step") {
    NamedTotal& total = answer->steps.emplace_back();
    const absl::StatusOr<Picos> cost = ParseDecimal(words[3], 0);
    total.step = words[1];
    total.cost = cost.value_or(0);
    good = cost.ok() && absl::SimpleAtoi(words[2], &total.calls);
  }
  return good ? absl::OkStatus() : absl::InternalError(absl::StrCat("itemized-peer says: ", line));
}

std::string Quoted(const std::string& argument) {
  return absl::StrCat("'", absl::StrJoin(absl::StrSplit(argument, '\''), "'\\''"), "'");
}

absl::StatusOr<PeerAnswer> Ask(const PeerOptions& options, const PeerJob& job, int64_t calls) {
  std::vector<std::string> command = {options.program, job.name};
  command.insert(command.end(), options.arguments.begin(), options.arguments.end());
  for (const std::string& argument :
       {absl::StrCat("--calls=", calls), absl::StrCat("--batches=", job.batches),
        absl::StrCat("--end-us=", options.end_us), absl::StrCat("--seed=", options.seed),
        absl::StrCat("--work-dir=", options.work_dir)}) {
    command.push_back(argument);
  }
  for (std::string& argument : command) {
    argument = Quoted(argument);
  }
  FILE* const out = popen(absl::StrJoin(command, " ").c_str(), "r");
  if (out == nullptr) {
    return absl::UnavailableError(absl::StrCat("Cannot run ", options.program));
  }
  PeerAnswer answer;
  absl::Status status;
  char line[512];
  while (status.ok() && std::fgets(line, sizeof line, out) != nullptr) {
    status = ParseLine(absl::StripSuffix(line, "\n"), &answer);
  }
  if (pclose(out) != 0 && status.ok()) {
    status = absl::UnavailableError(absl::StrCat(job.name, " failed; its words are above"));
  }
  RETURN_IF_ERROR(status);
  return answer;
}

StepTotals ExpectedSteps(const PeerOptions& options, int64_t calls) {
  Workload workload({.seed = options.seed, .calls = calls, .end_us = options.end_us, .days = 30});
  while (!workload.Done()) {
    workload.NextBatch();
  }
  return workload.expected_steps();
}

absl::Status RunPeer(const PeerOptions& options, const PeerJob& job, Report* report) {
  const int64_t calls =
      job.is_slow ? std::min(options.calls, options.slow_calls_max) : options.calls;
  std::fprintf(stderr, "%lld calls into %s\n", static_cast<long long>(calls), job.name);
  ASSIGN_OR_RETURN(const PeerAnswer answer, Ask(options, job, calls));
  RETURN_IF_ERROR(CheckSteps(job.name, answer.steps, ExpectedSteps(options, calls)));
  report->Add(job.insert_figure, answer.calls_per_s, "calls/s");
  if (*job.top_figure != '\0') {
    report->Add(job.top_figure, answer.top_ms, "ms");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunPeers(const PeerOptions& options, Report* report) {
  if (options.program.empty()) {
    return absl::OkStatus();
  }
  absl::Status status;
  for (const PeerJob& job : kJobs) {
    status.Update(RunPeer(options, job, report));
  }
  return status;
}

}  // namespace itemized::bench
