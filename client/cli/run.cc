// SPDX-License-Identifier: Apache-2.0
#include "client/cli/run.h"

#include <variant>

#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/import.h"
#include "client/cli/session.h"

namespace itemized::cli {
namespace {

int RunCommand(const Arguments& arguments, Session& session) {
  switch (arguments.command) {
    case Command::kImport:
      return RunImport(arguments.import, session);
    case Command::kTop:
      return RunTop(arguments.query, session);
    case Command::kWorkflows:
      return RunWorkflows(arguments.query, session);
    case Command::kShow:
      return RunShow(arguments.query, session);
    case Command::kSeries:
      return RunSeries(arguments.query, session);
    case Command::kOutliers:
      return RunOutliers(arguments.query, session);
    case Command::kRatesList:
      return RunRatesList(session);
    case Command::kRatesSet:
      return RunRatesSet(arguments.rates, session);
    case Command::kRatesRemove:
      return RunRatesRemove(arguments.rates, session);
    case Command::kRatesImport:
      return RunRatesImport(arguments.rates, session);
    case Command::kInfo:
      return RunInfo(session);
    case Command::kVerify:
      return RunVerify(session);
    case Command::kBackup:
      return RunBackup(arguments.backup_directory, session);
  }
  return kExitUsage;
}

}  // namespace

int Run(const std::vector<std::string>& words, Environment& env) {
  const std::variant<Arguments, int> parsed = ParseArguments(words, env);
  if (const int* exit_status = std::get_if<int>(&parsed)) {
    return *exit_status;
  }
  const Arguments& arguments = std::get<Arguments>(parsed);
  Session session = {
      .env = env, .connection = client::Connection::Open(arguments.server), .json = arguments.json};
  const int exit_status = RunCommand(arguments, session);
  env.out->flush();
  return exit_status;
}

}  // namespace itemized::cli
