// SPDX-License-Identifier: Apache-2.0
#include "bench/load/peers.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "bench/load/questions.h"
#include "bench/load/workload.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

// One of the other databases, and the name of its figure.
struct PeerJob {
  const char* name;
  const char* insert_figure;
  int batches;  // How many batches of 1,000 calls are in one transaction.
  bool is_slow;
};
constexpr PeerJob kJobs[] = {
    {"duckdb", "peer.duckdb.ingest_1000.calls_per_s", 1, false},
    {"clickhouse", "peer.clickhouse.ingest_10000.calls_per_s", 10, false},
    {"clickhouse_mv", "peer.clickhouse_mv.ingest_10000.calls_per_s", 10, false},
    {"postgres", "peer.postgres.ingest_1000.calls_per_s", 1, true},
    {"sqlite", "peer.sqlite.ingest_1000.calls_per_s", 1, true},
};

struct PeerAnswer {
  double calls_per_s = 0;
  std::array<std::optional<double>, kQuestions.size()> ms;  // None: it was not asked.
  std::array<std::vector<NamedTotal>, kQuestions.size()> rows;
};

std::optional<size_t> PlaceOf(absl::string_view question) {
  for (size_t place = 0; place < kQuestions.size(); ++place) {
    if (question == NameOf(kQuestions[place])) {
      return place;
    }
  }
  return std::nullopt;
}

absl::StatusOr<NamedTotal> ParseRow(absl::string_view calls, absl::string_view picos,
                                    absl::string_view key) {
  NamedTotal total{.key = std::string(key)};
  ASSIGN_OR_RETURN(total.cost, ParseDecimal(picos, 0));
  return absl::SimpleAtoi(calls, &total.calls) ? absl::StatusOr<NamedTotal>(total)
                                               : absl::InternalError("a number is malformed");
}

absl::Status ParseLine(absl::string_view line, PeerAnswer* answer) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 4));
  const std::optional<size_t> question = words.size() >= 3 ? PlaceOf(words[1]) : std::nullopt;
  bool good = false;
  if (words.size() == 2 && words[0] == "insert") {
    good = absl::SimpleAtod(words[1], &answer->calls_per_s);
  } else if (words.size() == 3 && words[0] == "asked" && question.has_value()) {
    good = absl::SimpleAtod(words[2], &answer->ms[*question].emplace());
  } else if (words.size() == 5 && words[0] == "row" && question.has_value()) {
    const absl::StatusOr<NamedTotal> row = ParseRow(words[2], words[3], words[4]);
    good = row.ok();
    answer->rows[*question].push_back(row.value_or(NamedTotal()));
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

ExpectedAnswers Expected(const PeerOptions& options, int64_t calls) {
  ExpectedAnswers answers;
  Workload workload({.seed = options.seed, .calls = calls, .end_us = options.end_us, .days = 30});
  while (!workload.Done()) {
    for (const WorkloadCall& call : workload.NextBatch().calls) {
      answers.Add(call);
    }
  }
  return answers;
}

absl::Status RunPeer(const PeerOptions& options, const PeerJob& job, Report* report) {
  const int64_t calls =
      job.is_slow ? std::min(options.calls, options.slow_calls_max) : options.calls;
  std::fprintf(stderr, "%lld calls into %s\n", static_cast<long long>(calls), job.name);
  ASSIGN_OR_RETURN(const PeerAnswer answer, Ask(options, job, calls));
  report->Add(job.insert_figure, answer.calls_per_s, "calls/s");
  const ExpectedAnswers expected = Expected(options, calls);
  for (size_t i = 0; i < kQuestions.size(); ++i) {
    if (answer.ms[i].has_value()) {
      RETURN_IF_ERROR(expected.Check(job.name, kQuestions[i], answer.rows[i]));
      report->Add(absl::StrCat("peer.", job.name, ".", NameOf(kQuestions[i]), ".ms"), *answer.ms[i],
                  "ms");
    }
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
