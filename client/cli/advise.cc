// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/ranking.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

constexpr int32_t kRowsOnTerminal = 20;

void PrintAdvice(const pb::AdviceRow& row, Session& session) {
  std::ostream& out = *session.env.out;
  out << Styled(Printable(absl::StrCat(row.step().empty() ? "(none)" : row.step(), ": ",
                                       text::EnumText(row.kind()))),
                Style::kBold, session.env.canvas)
      << ", saves " << Styled(MoneyText(row.saving_30d_usd()), Style::kGreen, session.env.canvas)
      << " in 30 days (confidence: " << Printable(row.confidence()) << ")\n"
      << "  " << Printable(row.evidence()) << "\n"
      << "  " << Styled("Not known: ", Style::kDim, session.env.canvas) << Printable(row.unknown())
      << "\n"
      << "  " << Printable(absl::StrCat(row.what_if(), session.source_options)) << "\n\n";
}

void PrintAdvise(const pb::AdviseResponse& advise, absl::TimeZone zone, Session& session) {
  std::ostream& out = *session.env.out;
  PrintTitle("Changes worth a test", advise.window(), zone, session);
  for (const pb::AdviceRow& row : advise.rows()) {
    PrintAdvice(row, session);
  }
  if (advise.rows().empty()) {
    out << "Nothing stands out in " << MoneyText(advise.spend_usd()) << " of spend.\n";
    return;
  }
  if (advise.rows_omitted() > 0) {
    out << Count(advise.rows_omitted()) << " more; --limit 0 shows all.\n";
  }
  out << "Each saving is that of the change alone; `itemize what-if` with several of them says "
         "what "
         "they save together.\n";
}

}  // namespace

int AdviseCommand(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<QueryWindow> window = ResolveWindow(arguments.window, session);
  if (!window.ok()) {
    return WrongUsage(session.env, window.status().message(), "itemize advise");
  }
  pb::AdviseRequest request;
  *request.mutable_filter() = arguments.filter;
  *request.mutable_window() = window->spec;
  request.set_limit(LimitFor(arguments, kRowsOnTerminal, session));
  const absl::StatusOr<pb::AdviseResponse> advise = session.connection->Advise(request);
  const int exit_status = Answer(advise, session, [&](const pb::AdviseResponse& response) {
    PrintAdvise(response, window->zone, session);
  });
  return exit_status == kExitDone && advise->spend_usd() == "0"
             ? ExplainNothing("spend", arguments.filter, session)
             : exit_status;
}

}  // namespace itemized::cli
