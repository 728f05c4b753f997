// SPDX-License-Identifier: Apache-2.0
#include "client/cli/import.h"

#include <chrono>
#include <future>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proto/text/json.h"

#include "client/cli/format.h"
#include "client/cli/importer.h"
#include "client/cli/progress.h"
#include "client/cli/text.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

constexpr char kCommand[] = "itemize import";
constexpr char kFormats[] = "native";
constexpr size_t kRefusalsShown = 20;
constexpr size_t kRefusalsInJson = 10'000;
constexpr absl::Duration kGrace = absl::Seconds(3);  // What is in flight has it at Ctrl-C.
constexpr std::chrono::milliseconds kTick(100);

size_t RefusalsMax(const ImportArguments& arguments, bool json) {
  if (arguments.all_refusals) {
    return std::numeric_limits<size_t>::max();
  }
  return json ? kRefusalsInJson : kRefusalsShown;
}

// Runs `importer` in a thread of its own, shows how far it is, and ends its
// waiting some time after Ctrl-C.
absl::Status Supervise(Importer& importer, uint64_t bytes_total, Environment& env) {
  const absl::Time start = absl::Now();
  absl::Time give_up = absl::InfiniteFuture();
  ProgressBar bar(*env.err, env.err_canvas);
  std::future<absl::Status> running =
      std::async(std::launch::async, [&importer] { return importer.Run(); });
  while (running.wait_for(kTick) != std::future_status::ready) {
    const absl::Time now = absl::Now();
    if (env.err_is_terminal) {
      bar.Update({importer.bytes_read(), bytes_total, importer.events(), now - start});
    }
    if (*env.interrupted && give_up == absl::InfiniteFuture()) {
      give_up = now + kGrace;
    }
    if (now > give_up) {
      importer.Cancel();
    }
  }
  return running.get();
}

void PrintTotalsJson(const ImportLedger& ledger, const std::vector<std::string>& files,
                     std::ostream& out) {
  const ImportTotals totals = ledger.totals();
  out << "{\n \"accepted\": " << totals.accepted << ",\n \"duplicate\": " << totals.duplicate
      << ",\n \"refused\": " << totals.refused << ",\n \"refusals\": [";
  const char* separator = "\n";
  for (const auto& [place, refusal] : ledger.Refusals()) {
    out << separator << "  {\"file\": " << text::JsonString(files[place.file])
        << ", \"line\": " << place.line
        << ", \"code\": " << text::JsonString(text::EnumText(refusal.code))
        << ", \"message\": " << text::JsonString(refusal.message) << "}";
    separator = ",\n";
  }
  out << (ledger.Refusals().empty() ? "]\n}\n" : "\n ]\n}\n");
}

void PrintRefusals(const ImportLedger& ledger, const std::vector<std::string>& files,
                   std::ostream& err) {
  const auto refusals = ledger.Refusals();
  for (const auto& [place, refusal] : refusals) {
    err << Printable(absl::StrCat(files[place.file], ":", place.line, ": ", refusal.message))
        << "\n";
  }
  const int64_t more = ledger.totals().refused - static_cast<int64_t>(refusals.size());
  if (more > 0) {
    err << "... and " << Count(more) << " more refused line" << PluralS(more)
        << "; --all-refusals lists every one.\n";
  }
}

void PrintTotals(const ImportTotals& totals, std::ostream& out) {
  out << "accepted " << totals.accepted << ", duplicate " << totals.duplicate << ", refused "
      << totals.refused << "\n";
}

std::string HowFar(const ImportTotals& totals) {
  return absl::StrCat(
      Count(totals.Known()), totals.Known() == 1 ? " line was" : " lines were", " settled, ",
      Count(totals.unacknowledged),
      " sent without an answer. Run the same command again for the rest: what is stored already "
      "counts as duplicate.\n");
}

int ExitStatus(const absl::Status& status, const ImportTotals& totals, Session& session) {
  if (*session.env.interrupted) {
    *session.env.err << "Interrupted: " << HowFar(totals);
    return kExitInterrupted;
  }
  if (!status.ok()) {
    const int exit_status = Fail(session, status);
    *session.env.err << "The import broke off: " << HowFar(totals);
    return exit_status;
  }
  return totals.refused > 0 ? kExitRefused : kExitDone;
}

}  // namespace

absl::StatusOr<uint64_t> CheckFiles(const std::vector<std::string>& files) {
  uint64_t total = 0;
  bool known = true;
  size_t from_stdin = 0;
  for (const std::string& file : files) {
    const absl::StatusOr<uint64_t> bytes = CheckInput(file);
    if (!bytes.ok()) {
      return bytes.status();
    }
    total += *bytes;
    known = known && *bytes > 0;
    from_stdin += static_cast<size_t>(file == "-");
  }
  if (from_stdin > 1) {
    return absl::InvalidArgumentError("\"-\" is given twice: standard input can be read once.");
  }
  return known ? total : 0;
}

absl::StatusOr<EventSpan> ReadFiles(const std::vector<std::string>& files, uint64_t bytes_total,
                                    ImportPace pace, Session& session, ImportLedger& ledger) {
  Environment& env = session.env;
  if (env.catch_interrupts != nullptr) {
    env.catch_interrupts();
  }
  Importer importer(files, env.stdin_fd, *env.interrupted, env.patience, session.connection, pace,
                    ledger);
  RETURN_IF_ERROR(Supervise(importer, bytes_total, env));
  return importer.span();
}

int ImportCommand(const ImportArguments& arguments, Session& session) {
  Environment& env = session.env;
  if (arguments.format != kFormats) {
    return WrongUsage(env,
                      absl::StrCat("There is no format \"", arguments.format,
                                   "\". The formats are: ", kFormats, "."),
                      kCommand);
  }
  const absl::StatusOr<uint64_t> bytes_total = CheckFiles(arguments.files);
  if (!bytes_total.ok()) {
    return WrongUsage(env, bytes_total.status().message(), kCommand);
  }
  // The server is asked before anything is read, so that its absence is told at once.
  const absl::Status reachable = session.connection->GetServerInfo().status();
  if (!reachable.ok()) {
    return Fail(session, reachable);
  }
  ImportLedger ledger(RefusalsMax(arguments, session.json));
  const absl::Status status =
      ReadFiles(arguments.files, *bytes_total, ImportPace::kFast, session, ledger).status();
  if (session.json) {
    PrintTotalsJson(ledger, arguments.files, *env.out);
  } else {
    PrintRefusals(ledger, arguments.files, *env.err);
    PrintTotals(ledger.totals(), *env.out);
  }
  return ExitStatus(status, ledger.totals(), session);
}

}  // namespace itemized::cli
