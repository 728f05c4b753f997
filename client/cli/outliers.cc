// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/text/question.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"
#include "client/cli/unknown_names.h"

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
               {.header = "RUN", .shrink_to = 8}});
  for (const pb::BilledCall& call : response.calls()) {
    const pb::OutlierReceipt& receipt = call.receipt();
    table.AddRow(
        {TimeText(call.time(), zone),
         NameCell(call.step()),
         {MoneyText(call.cost_usd()), Style::kBold},
         {Multiple(receipt.multiple()), Style::kRed},
         receipt.learning() ? LearningText(receipt.sample_count()) : MoneyText(receipt.p50_usd()),
         Count(receipt.sample_count()),
         MoneyText(receipt.threshold_usd()),
         ShortCount(TokensIn(CountsOf(call.usage()))),
         ShortCount(TokensOut(CountsOf(call.usage()))),
         call.model(),
         call.workflow_id()});
  }
  return table;
}

// No call was judged an outlier, and none was not judged.
bool IsEmpty(const pb::GetOutliersResponse& response) {
  return response.total() == 0 && response.unjudged_calls() == 0 && response.learning_calls() == 0;
}

// What of the window has no verdict, and how it gets one.
void PrintUnjudged(const pb::GetOutliersResponse& response, Session& session) {
  std::ostream& out = *session.env.out;
  if (response.unjudged_calls() > 0) {
    out << Styled(absl::StrCat(Count(response.unjudged_calls()), " call",
                               PluralS(response.unjudged_calls()),
                               " not judged, for want of a price."),
                  Style::kYellow, session.env.canvas)
        << "\n";
    PrintWhyUnpriced(session);
  }
  if (response.learning_calls() > 0) {
    out << Count(response.learning_calls()) << " call" << PluralS(response.learning_calls())
        << " cost more than the default of half a cent while their step was learning (below 30 "
           "priced calls): not known to be outliers. `itemize top` shows how far each step is.\n";
  }
}

void PrintNone(const pb::GetOutliersResponse& response, Session& session) {
  std::ostream& out = *session.env.out;
  const bool all_judged = response.unjudged_calls() == 0 && response.learning_calls() == 0;
  out << (all_judged ? "No outliers in this window: no call cost more than five times its step's "
                       "median.\n"
                     : "No outliers in this window, as far as calls could be judged.\n");
  PrintUnjudged(response, session);
}

void PrintOutliers(const pb::GetOutliersResponse& response, const QueryArguments& arguments,
                   absl::TimeZone zone, Session& session) {
  std::ostream& out = *session.env.out;
  const std::string& step = arguments.filter.step();
  PrintTitle(absl::StrCat("Outliers of ", step.empty() ? "all steps" : step), response.window(),
             zone, session);
  if (response.total() == 0) {
    if (!IsEmpty(response)) {
      PrintNone(response, session);
    }
    return;
  }
  out << MakeTable(response, zone).Render(session.env.canvas) << "\n";
  if (response.total() > response.calls_size()) {
    out << (arguments.sort == "cost" ? "The dearest " : "The newest ")
        << Count(response.calls_size()) << " of " << Count(response.total())
        << "; --limit shows more. ";
  }
  if (!response.excess_usd().empty()) {
    out << "All " << Count(response.total()) << " cost " << MoneyText(response.excess_usd())
        << " beyond their thresholds. ";
  }
  out << "`itemize show RUN` lists the calls around one.\n";
  PrintUnjudged(response, session);
}

}  // namespace

int OutliersCommand(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<QueryWindow> window = ResolveWindow(arguments.window, session);
  if (!window.ok()) {
    return WrongUsage(session.env, window.status().message(), "itemize outliers");
  }
  pb::GetOutliersRequest request;
  *request.mutable_window() = window->spec;
  *request.mutable_filter() = arguments.filter;
  request.set_limit(arguments.limit.value_or(0));
  pb::OutlierOrder order = pb::OUTLIER_ORDER_UNSPECIFIED;
  text::ParseOutlierOrder(arguments.sort, &order);
  request.set_order(order);
  const absl::StatusOr<pb::GetOutliersResponse> outliers = session.connection->GetOutliers(request);
  const int exit_status = Answer(outliers, session, [&](const pb::GetOutliersResponse& response) {
    PrintOutliers(response, arguments, window->zone, session);
  });
  if (exit_status != kExitDone || !IsEmpty(*outliers)) {
    return exit_status;
  }
  const int known = TellUnknownNames(arguments.filter, session);
  if (known == kExitDone && !session.json) {
    PrintNone(*outliers, session);
  }
  return known;
}

}  // namespace itemized::cli
