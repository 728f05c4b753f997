// SPDX-License-Identifier: Apache-2.0
#include "client/cli/execute.h"

#include <variant>

#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/from_file.h"
#include "client/cli/import.h"
#include "client/cli/reconcile.h"
#include "client/cli/report.h"
#include "client/cli/session.h"
#include "client/cli/what_if.h"

namespace itemized::cli {
namespace {

int ExecuteCommand(const Arguments& arguments, Session& session) {
  switch (arguments.command) {
    case Command::kImport:
      return ImportCommand(arguments.import, session);
    case Command::kTop:
      return TopCommand(arguments.query, session);
    case Command::kWorkflows:
      return WorkflowsCommand(arguments.query, session);
    case Command::kShow:
      return ShowCommand(arguments.query, session);
    case Command::kExplain:
      return ExplainCommand(arguments.query, session);
    case Command::kRatesMissing:
      return RatesMissingCommand(arguments.query, session);
    case Command::kSeries:
      return SeriesCommand(arguments.query, session);
    case Command::kOutliers:
      return OutliersCommand(arguments.query, session);
    case Command::kAdvise:
      return AdviseCommand(arguments.query, session);
    case Command::kCompare:
      return CompareCommand(arguments.query, session);
    case Command::kWasted:
      return WastedCommand(arguments.query, session);
    case Command::kRatesList:
      return RatesListCommand(arguments, session);
    case Command::kRatesSet:
      return RatesSetCommand(arguments.rates, session);
    case Command::kRatesRemove:
      return RatesRemoveCommand(arguments.rates, session);
    case Command::kRatesReprice:
      return RepriceCommand(arguments.reprice, session);
    case Command::kUsageRederive:
      return RederiveCommand(arguments.reprice, session);
    case Command::kRatesImport:
      return RatesImportCommand(arguments.rates, session);
    case Command::kExchangeList:
      return ExchangeListCommand(session);
    case Command::kExchangeSet:
      return ExchangeSetCommand(arguments.rates, session);
    case Command::kExchangeRemove:
      return ExchangeRemoveCommand(arguments.rates, session);
    case Command::kReconcile:
      return ReconcileCommand(arguments.reconcile, session);
    case Command::kReport:
      return ReportCommand(arguments.report, arguments.query.window, arguments.query.limit,
                           session);
    case Command::kWhatIf:
      return WhatIfCommand(arguments.what_if, arguments.query.window, session);
    case Command::kInfo:
      return InfoCommand(session);
    case Command::kVerify:
      return VerifyCommand(session);
    case Command::kBackup:
      return BackupCommand(arguments.backup_directory, session);
    case Command::kBudgetsList:
      return BudgetsListCommand(session);
    case Command::kBudgetsSet:
      return BudgetsSetCommand(arguments.budget, session);
    case Command::kBudgetsRemove:
      return BudgetsRemoveCommand(arguments.budget, session);
    case Command::kWatch:
      return WatchCommand(arguments.budget, session);
  }
  return kExitUsage;
}

}  // namespace

int Execute(const std::vector<std::string>& words, Environment& env) {
  const std::variant<Arguments, int> parsed = ParseArguments(words, env);
  if (const int* exit_status = std::get_if<int>(&parsed)) {
    return *exit_status;
  }
  const Arguments& arguments = std::get<Arguments>(parsed);
  if (!arguments.from_file.files.empty()) {
    const int exit_status =
        AskFiles(arguments.from_file, arguments.name, arguments.json, env,
                 [&](Session& session) { return ExecuteCommand(arguments, session); });
    env.out->flush();
    return exit_status;
  }
  Session session = {
      .env = env, .connection = client::Connection::Open(arguments.server), .json = arguments.json};
  const int exit_status = ExecuteCommand(arguments, session);
  env.out->flush();
  return exit_status;
}

}  // namespace itemized::cli
