// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands that ask the server something. Each prints a table, or the
// response as JSON, and returns the exit status of the program.

#include <string>

#include "client/cli/arguments.h"
#include "client/cli/session.h"

namespace itemized::cli {

int TopCommand(const QueryArguments& arguments, Session& session);
int WorkflowsCommand(const QueryArguments& arguments, Session& session);
int ShowCommand(const QueryArguments& arguments, Session& session);
int ExplainCommand(const QueryArguments& arguments, Session& session);
int RatesMissingCommand(const QueryArguments& arguments, Session& session);
int SeriesCommand(const QueryArguments& arguments, Session& session);
int AdviseCommand(const QueryArguments& arguments, Session& session);
int CompareCommand(const QueryArguments& arguments, Session& session);
int WastedCommand(const QueryArguments& arguments, Session& session);
int OutliersCommand(const QueryArguments& arguments, Session& session);
int InfoCommand(Session& session);
int VerifyCommand(Session& session);
int BackupCommand(const std::string& directory, Session& session);
int BudgetsListCommand(Session& session);
int BudgetsSetCommand(const BudgetArguments& arguments, Session& session);
int BudgetsRemoveCommand(const BudgetArguments& arguments, Session& session);
int WatchCommand(const BudgetArguments& arguments, Session& session);
int RatesListCommand(const Arguments& arguments, Session& session);
int RatesSetCommand(const RatesArguments& arguments, Session& session);
int RatesRemoveCommand(const RatesArguments& arguments, Session& session);
int ExchangeListCommand(Session& session);
int ExchangeSetCommand(const RatesArguments& arguments, Session& session);
int ExchangeRemoveCommand(const RatesArguments& arguments, Session& session);
int RepriceCommand(const RepriceArguments& arguments, Session& session);
int RederiveCommand(const RepriceArguments& arguments, Session& session);
int RatesImportCommand(const RatesArguments& arguments, Session& session);

}  // namespace itemized::cli
