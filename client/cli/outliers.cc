// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

Table MakeTable(const pb::GetOutliersResponse& response, absl::TimeZone zone) {
  Table table({{.header = "TIME", .drop_order = 20},
               {.header = "STEP", .shrink_to = 12},
               {.header = "COST", .align = Align::kRight},
               {.header = "TIMES", .align = Align::kRight},
               {.header = "MEDIAN", .align = Align::kRight, .drop_order = 30},
               {.header = "OF CALLS", .align = Align::kRight, .drop_order = 60},
               {.header = "THRESHOLD", .align = Align::kRight, .drop_order = 40},
               {.header = "TOKENS IN", .align = Align::kRight, .drop_order = 70},
               {.header = "OUT", .align = Align::kRight, .drop_order = 75},
               {.header = "MODEL", .drop_order = 50, .shrink_to = 12},
               {.header = "RUN", .drop_order = 10, .shrink_to = 8}});
  for (const pb::BilledCall& call : response.calls()) {
    const pb::OutlierReceipt& receipt = call.receipt();
    table.AddRow({TimeText(call.time(), zone),
                  NameCell(call.step()),
                  {MoneyText(call.cost_usd()), Style::kBold},
                  {Multiple(receipt.multiple()), Style::kRed},
                  receipt.learning() ? "learning" : MoneyText(receipt.p50_usd()),
                  Count(receipt.sample_count()),
                  MoneyText(receipt.threshold_usd()),
                  ShortCount(TotalInput(call.usage())),
                  ShortCount(TotalOutput(call.usage())),
                  call.model(),
                  call.workflow_id()});
  }
  return table;
}

void PrintOutliers(const pb::GetOutliersResponse& response, const std::string& step,
                   absl::TimeZone zone, Session& session) {
  std::ostream& out = *session.env.out;
  PrintTitle(absl::StrCat("Outliers of ", step.empty() ? "all steps" : step), response.window(),
             zone, session);
  if (response.calls().empty()) {
    out << "No outliers in this window: no call cost more than five times its step's median.\n";
    return;
  }
  out << MakeTable(response, zone).Render(session.env.canvas) << "\n";
  if (response.total() > response.calls_size()) {
    out << "The newest " << Count(response.calls_size()) << " of " << Count(response.total())
        << "; --limit shows more. ";
  }
  out << "`itemize show RUN` lists the calls around one.\n";
}

}  // namespace

int RunOutliers(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<QueryWindow> window = ResolveWindow(arguments.window, session);
  if (!window.ok()) {
    return WrongUsage(session.env, window.status().message(), "itemize outliers");
  }
  pb::GetOutliersRequest request;
  *request.mutable_window() = window->spec;
  *request.mutable_filter() = arguments.filter;
  request.set_limit(arguments.limit);
  return Answer(session.connection->GetOutliers(request), session,
                [&](const pb::GetOutliersResponse& response) {
                  PrintOutliers(response, arguments.filter.step(), window->zone, session);
                });
}

}  // namespace itemized::cli
