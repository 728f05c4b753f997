// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"

#include "client/cli/changes.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/ranking.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

constexpr int32_t kRowsOnTerminal = 20;

std::string ReasonText(pb::WasteReason reason) {
  return WordsOf(text::EnumText(reason));
}

// Returns a part of an amount: "12.3%", and nothing of nothing.
std::string PartOf(const std::string& part, const std::string& whole) {
  return AmountOf(whole) == 0 ? "" : Percent(ShareOf(part, whole));
}

Table ReasonTable(const pb::GetWastedResponse& wasted) {
  Table table({{.header = "REASON"},
               {.header = "WASTED", .align = Align::kRight},
               {.header = "OF SPEND", .align = Align::kRight},
               {.header = "CALLS", .align = Align::kRight}});
  for (const pb::WastedReasonRow& row : wasted.reasons()) {
    table.AddRow({ReasonText(row.reason()),
                  {MoneyText(row.wasted_usd()), Style::kBold},
                  PartOf(row.wasted_usd(), wasted.spend_usd()),
                  Count(row.calls())});
  }
  table.AddRule();
  table.AddRow({"total", MoneyText(wasted.wasted_usd()),
                PartOf(wasted.wasted_usd(), wasted.spend_usd()), Count(wasted.wasted_calls())});
  return table;
}

Table RowTable(const std::string& header, const pb::GetWastedResponse& wasted) {
  Table table({{.header = header, .shrink_to = 12},
               {.header = "REASON"},
               {.header = "WASTED", .align = Align::kRight},
               {.header = "OF ITS SPEND", .align = Align::kRight, .drop_order = 10},
               {.header = "CALLS", .align = Align::kRight, .drop_order = 5}});
  for (const pb::WastedRow& row : wasted.rows()) {
    table.AddRow({NameCell(row.key()),
                  ReasonText(row.reason()),
                  {MoneyText(row.wasted_usd()), Style::kBold},
                  PartOf(row.wasted_usd(), row.spend_usd()),
                  Count(row.calls())});
  }
  return table;
}

void PrintWasted(const pb::GetWastedResponse& wasted, const std::string& header,
                 const std::string& by, absl::TimeZone zone, Session& session) {
  std::ostream& out = *session.env.out;
  PrintTitle(absl::StrCat("Wasted spend by ", by), wasted.window(), zone, session);
  if (wasted.calls() == 0) {
    return;
  }
  out << "Wasted " << Styled(MoneyText(wasted.wasted_usd()), Style::kBold, session.env.canvas)
      << " of " << MoneyText(wasted.spend_usd()) << "; " << MoneyText(wasted.surfaced_usd())
      << " was spent on output that was used.\n\n";
  if (wasted.rows().empty()) {
    return;
  }
  out << ReasonTable(wasted).Render(session.env.canvas) << "\n"
      << RowTable(header, wasted).Render(session.env.canvas) << "\n";
  if (wasted.rows_omitted() > 0) {
    out << Count(wasted.rows_omitted()) << " more row" << PluralS(wasted.rows_omitted())
        << ", in the reasons above; --limit 0 shows all.\n";
  }
  PrintPricedShare(wasted.calls(), wasted.unpriced_calls(), session);
}

}  // namespace

int WastedCommand(const QueryArguments& arguments, Session& session) {
  pb::GetWastedRequest request;
  absl::TimeZone zone;
  const absl::Status read = ReadRanking(arguments, kRowsOnTerminal, session, &request, &zone);
  if (!read.ok()) {
    return WrongUsage(session.env, read.message(), "itemize wasted");
  }
  const absl::StatusOr<pb::GetWastedResponse> wasted = session.connection->GetWasted(request);
  const int exit_status = Answer(wasted, session, [&](const pb::GetWastedResponse& response) {
    PrintWasted(response, KeyHeader(request), arguments.by, zone, session);
  });
  return exit_status == kExitDone && wasted->calls() == 0
             ? ExplainNothing("calls", arguments.filter, session)
             : exit_status;
}

}  // namespace itemized::cli
