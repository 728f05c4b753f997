// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands that ask the server something. Each prints a table, or the
// response as JSON, and returns an exit status.

#include <string>

#include "client/cli/arguments.h"
#include "client/cli/session.h"

namespace itemized::cli {

int RunTop(const QueryArguments& arguments, Session& session);
int RunWorkflows(const QueryArguments& arguments, Session& session);
int RunShow(const QueryArguments& arguments, Session& session);
int RunSeries(const QueryArguments& arguments, Session& session);
int RunOutliers(const QueryArguments& arguments, Session& session);
int RunInfo(Session& session);
int RunVerify(Session& session);
int RunBackup(const std::string& directory, Session& session);
int RunRatesList(Session& session);
int RunRatesSet(const RatesArguments& arguments, Session& session);
int RunRatesRemove(const RatesArguments& arguments, Session& session);
int RunRatesImport(const RatesArguments& arguments, Session& session);

}  // namespace itemized::cli
