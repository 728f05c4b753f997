// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

void PrintMissing(const pb::GetMissingRatesResponse& missing, Session& session) {
  std::ostream& out = *session.env.out;
  if (missing.rows().empty()) {
    out << "Every call with usage has a price.\n";
    return;
  }
  Table table({{.header = "MODEL", .shrink_to = 12},
               {.header = "PROVIDER", .drop_order = 30, .shrink_to = 8},
               {.header = "CALLS", .align = Align::kRight},
               {.header = "TOKENS", .align = Align::kRight},
               {.header = "WHY", .drop_order = 10, .shrink_to = 12},
               {.header = "NEAREST", .drop_order = 20, .shrink_to = 12}});
  for (const pb::MissingRate& row : missing.rows()) {
    table.AddRow({NameCell(row.model()), row.provider(), Count(row.calls()),
                  ShortCount(row.tokens()), row.reason(),
                  Cell(absl::StrJoin(row.nearest(), ", "), Style::kDim)});
  }
  out << table.Render(session.env.canvas)
      << "\nPrice one: `itemize rates set MODEL --input USD --output USD`.\n";
}

}  // namespace

int RatesMissingCommand(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<QueryWindow> window = ResolveWindow(arguments.window, session);
  if (!window.ok()) {
    return WrongUsage(session.env, window.status().message(), "itemize rates missing");
  }
  pb::GetMissingRatesRequest request;
  *request.mutable_window() = window->spec;
  return Answer(session.connection->GetMissingRates(request), session,
                [&](const pb::GetMissingRatesResponse& response) {
                  PrintTitle("Calls without a price", response.window(), window->zone, session);
                  PrintMissing(response, session);
                });
}

}  // namespace itemized::cli
