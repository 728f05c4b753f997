// SPDX-License-Identifier: Apache-2.0
// itemized-peer: feeds one other database with the workload and reports on standard
// output, in lines of words:
//
//   insert CALLS_PER_SECOND
//   asked QUESTION MILLISECONDS         the median of some answers, by the name of the question
//   row QUESTION CALLS PICOS KEY        of each row of the answer, as that database counts it
//
// Each database gets a process of its own, since such libraries bring their own memory allocators
// and threads.

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "bench/load/workload.h"
#include "bench/peers/peer.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kAnswers = 5;

struct Flags {
  std::string name;
  std::string duckdb = "libduckdb.so";
  std::string clickhouse = "libchdb.so";
  std::string postgres = "/usr/lib/postgresql/15/bin";
  std::string work_dir = "build";
  int64_t calls = 1'000'000;
  int64_t end_us = 0;
  uint64_t seed = 1;
  int batches = 1;  // How many batches of the workload are in one transaction.
};

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

std::unique_ptr<Peer> MakePeer(const Flags& flags) {
  if (flags.name == "duckdb") {
    return MakeDuckDb(flags.duckdb);
  }
  if (flags.name == "postgres") {
    return MakePostgres(flags.postgres);
  }
  if (flags.name == "sqlite") {
    return MakeSqlite();
  }
  return MakeClickHouse(flags.clickhouse, flags.name == "clickhouse_mv");
}

PeerRow RowOf(const WorkloadCall& call, int64_t number) {
  const Model& model = kModels[call.model];
  return {.event_id = absl::StrCat("c0ffee1234567890-", number),
          .time_us = call.time_us,
          .workflow_id = RunId(call.run),
          .workflow = WorkflowName(call.workflow),
          .step = StepName(call.step),
          .provider = model.provider,
          .model = model.name,
          .tenant = call.tenant < 0 ? "" : TenantName(call.tenant),
          .input = call.input,
          .cache_read = call.cache_read,
          .output = call.output,
          .duration_us = call.duration_us,
          .cost_picos = call.cost_picos};
}

// Seconds spent in inserting alone.
absl::StatusOr<double> Fill(const Flags& flags, Peer* peer) {
  Workload workload({.seed = flags.seed, .calls = flags.calls, .end_us = flags.end_us, .days = 30});
  double seconds = 0;
  int64_t number = 0;
  while (!workload.Done()) {
    std::vector<PeerRow> rows;
    for (int i = 0; i < flags.batches && !workload.Done(); ++i) {
      for (const WorkloadCall& call : workload.NextBatch().calls) {
        rows.push_back(RowOf(call, ++number));
      }
    }
    RETURN_IF_ERROR(peer->Prepare(rows));
    const auto start = SteadyClock::now();
    RETURN_IF_ERROR(peer->Insert());
    seconds += SecondsSince(start);
  }
  return seconds;
}

absl::Status Ask(Question question, Peer* peer) {
  const char* const name = NameOf(question);
  ASSIGN_OR_RETURN(const std::vector<PeerTotal> totals, peer->Answer(question));
  for (const PeerTotal& total : totals) {
    std::printf("row %s %s %s %s\n", name, total.calls.c_str(), total.cost_picos.c_str(),
                total.key.c_str());
  }
  std::vector<double> times_ms;
  for (int i = 0; i < kAnswers; ++i) {
    const auto start = SteadyClock::now();
    RETURN_IF_ERROR(peer->Answer(question).status());
    times_ms.push_back(SecondsSince(start) * 1000);
  }
  std::sort(times_ms.begin(), times_ms.end());
  std::printf("asked %s %.3f\n", name, times_ms[times_ms.size() / 2]);
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags, const std::string& directory) {
  const std::unique_ptr<Peer> peer = MakePeer(flags);
  RETURN_IF_ERROR(peer->Open(directory));
  ASSIGN_OR_RETURN(const double seconds, Fill(flags, peer.get()));
  std::printf("insert %.0f\n", static_cast<double>(flags.calls) / seconds);
  for (const Question question : kQuestions) {
    if (peer->IsAsked(question)) {
      RETURN_IF_ERROR(Ask(question, peer.get()));
    }
  }
  return absl::OkStatus();
}

int Main(const Flags& flags) {
  std::string directory = absl::StrCat(flags.work_dir, "/itemized-peer-XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) {
    std::fprintf(stderr, "itemized-peer: cannot make a directory in %s\n", flags.work_dir.c_str());
    return 1;
  }
  const absl::Status status = Run(flags, std::filesystem::absolute(directory).string());
  std::error_code ignored;  // A left-over directory is harmless.
  std::filesystem::remove_all(directory, ignored);
  if (!status.ok()) {
    std::fprintf(stderr, "itemized-peer: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace itemized::bench

int main(int argc, char** argv) {
  itemized::bench::Flags flags;
  CLI::App app("Feeds another database with the workload of itemized-bench.");
  app.add_option("name", flags.name, "Which one")
      ->required()
      ->check(CLI::IsMember({"duckdb", "clickhouse", "clickhouse_mv", "postgres", "sqlite"}));
  app.add_option("--calls", flags.calls, "Of the workload")->capture_default_str();
  app.add_option("--batches", flags.batches, "1,000 calls each, in one transaction")
      ->capture_default_str();
  app.add_option("--end-us", flags.end_us, "End of the workload, microseconds since 1970");
  app.add_option("--seed", flags.seed, "Of the workload")->capture_default_str();
  app.add_option("--duckdb", flags.duckdb, "Its shared library")->capture_default_str();
  app.add_option("--clickhouse", flags.clickhouse, "Its shared library")->capture_default_str();
  app.add_option("--postgres", flags.postgres, "Where its programs are")->capture_default_str();
  app.add_option("--work-dir", flags.work_dir, "Where its files go")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return itemized::bench::Main(flags);
}
