// SPDX-License-Identifier: Apache-2.0
#include "client/cli/from_file.h"

#include <algorithm>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/text/question.h"

#include "client/cli/file_form.h"
#include "client/cli/format.h"
#include "client/cli/import.h"
#include "client/cli/input_file.h"
#include "client/cli/text.h"
#include "client/local/local_server.h"
#include "client/rates/import.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr size_t kRefusalsNamed = 5;

// Puts a price list into the book, before any call is priced.
absl::Status SetRates(const std::string& file, Session& session) {
  ASSIGN_OR_RETURN(const std::string json, ReadInput(file, session.env));
  absl::StatusOr<client::RateImport> list = client::ParseRateFile(json);
  if (!list.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", list.status().message()));
  }
  for (const std::string& warning : list->warnings) {
    *session.env.err << Printable(absl::StrCat(file, ": ", warning)) << "\n";
  }
  pb::SetRatesRequest request;
  request.mutable_rates()->Assign(list->rates.begin(), list->rates.end());
  return session.connection->SetRates(request).status();
}

// Returns the time that the events of files take: whole hours, so that windows begin and end with
// one.
RecordedSpan ToRecorded(const EventSpan& span, int64_t now_us) {
  const int64_t last_us = std::min(span.to_us, now_us);
  return {.from_us = std::min(span.from_us, last_us) / kMicrosPerHour * kMicrosPerHour,
          .to_us = (last_us / kMicrosPerHour + 1) * kMicrosPerHour};
}

// Says what of the files is not in the answer; returns an exit status.
int TellRefused(const FromFileArguments& arguments, const ImportLedger& ledger, Session& session) {
  const ImportTotals totals = ledger.totals();
  std::ostream& err = *session.env.err;
  if (totals.accepted == 0) {
    err << "itemize: " << Printable(absl::StrJoin(arguments.files, ", "))
        << (totals.refused > 0 ? " has no line that could be taken" : " holds no events") << ".\n";
  }
  for (const auto& [place, refusal] : ledger.Refusals()) {
    err << Printable(
               absl::StrCat(arguments.files[place.file], ":", place.line, ": ", refusal.message))
        << "\n";
  }
  if (totals.refused > 0) {
    err << Count(totals.refused) << " line" << PluralS(totals.refused) << " refused, and "
        << Count(totals.accepted) << " taken.\n";
  }
  if (totals.accepted == 0) {
    err << kFormHint << "\n";
  }
  return totals.accepted > 0 ? kExitDone : kExitRefused;
}

// Returns the options as a shell reads them, each behind a space.
std::string SourceOptions(const FromFileArguments& arguments) {
  std::string options;
  for (const std::string& file : arguments.files) {
    absl::StrAppend(&options, " --from-file ", text::ShellWord(file));
  }
  if (!arguments.rates.empty()) {
    absl::StrAppend(&options, " --rates ", text::ShellWord(arguments.rates));
  }
  return options;
}

class FileSession {
 public:
  FileSession(const FromFileArguments& arguments, const std::string& name, bool json,
              Environment& env)
      : arguments_(arguments), name_(name), json_(json), env_(env) {}

  int Run(const std::function<int(Session&)>& ask) {
    const absl::StatusOr<uint64_t> bytes_total = CheckFiles(arguments_.files);
    if (!bytes_total.ok()) {
      return WrongUsage(env_, bytes_total.status().message(), name_);
    }
    for (const std::string& file : arguments_.files) {
      if (const absl::Status form = CheckForm(file); !form.ok()) {
        return Told(form);
      }
    }
    if (env_.catch_interrupts != nullptr) {
      env_.catch_interrupts();  // The store is to be taken away whatever happens.
    }
    const auto server = client::LocalServer::Start(env_.clock);
    if (!server.ok()) {
      return Told(server.status());
    }
    Session session = {.env = env_,
                       .connection = (*server)->connection(),
                       .json = json_,
                       .source_options = SourceOptions(arguments_)};
    const int read = Read(*bytes_total, session);
    return read == kExitDone ? ask(session) : read;
  }

 private:
  int Told(const absl::Status& status) {
    *env_.err << "itemize: " << Printable(status.message()) << "\n";
    return absl::IsInvalidArgument(status) ? kExitRefused : kExitFailed;
  }

  int Read(uint64_t bytes_total, Session& session) {
    if (!arguments_.rates.empty()) {
      if (const absl::Status rates = SetRates(arguments_.rates, session); !rates.ok()) {
        return Told(rates);
      }
    }
    ImportLedger ledger(kRefusalsNamed);
    const absl::StatusOr<EventSpan> span =
        ReadFiles(arguments_.files, bytes_total, ImportPace::kInOrder, session, ledger);
    if (*env_.interrupted) {
      *env_.err << "Interrupted.\n";
      return kExitInterrupted;
    }
    if (!span.ok()) {
      return Told(span.status());
    }
    session.recorded = ToRecorded(*span, env_.clock->NowUs());
    return TellRefused(arguments_, ledger, session);
  }

  const FromFileArguments& arguments_;
  const std::string& name_;
  const bool json_;
  Environment& env_;
};

}  // namespace

void AddFromFileOptions(CLI::App& app, FromFileArguments& arguments) {
  CLI::Option* const files =
      app.add_option("--from-file", arguments.files,
                     "Answer about this file of events, without a server; may be repeated")
          ->type_name("FILE")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--rates", arguments.rates, "A price list for --from-file, beside the bundled one")
      ->type_name("FILE")
      ->needs(files);
}

int AskFiles(const FromFileArguments& arguments, const std::string& name, bool json,
             Environment& env, const std::function<int(Session&)>& ask) {
  // What is printed may block, or end the process: the store is gone by then.
  std::ostringstream printed;
  Environment quiet = env;
  quiet.out = &printed;
  const int exit_status = FileSession(arguments, name, json, quiet).Run(ask);
  *env.out << printed.str();
  return exit_status;
}

}  // namespace itemized::cli
