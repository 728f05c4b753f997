// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/ranking.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

constexpr size_t kBarWidth = 10;
constexpr int32_t kRowsOnTerminal = 40;

Table MakeTable(const pb::GetTopRequest& request) {
  return Table({{.header = KeyHeader(request), .shrink_to = 12},
                {.header = "SPEND", .align = Align::kRight},
                {.header = "SPEND %", .align = Align::kRight},
                {.header = "", .drop_order = 60},
                {.header = "CUMUL.", .align = Align::kRight, .drop_order = 55},
                {.header = "CALLS", .align = Align::kRight},
                {.header = "CALLS %", .align = Align::kRight, .drop_order = 25},
                {.header = "MEAN", .align = Align::kRight, .drop_order = 40},
                {.header = "P50", .align = Align::kRight, .drop_order = 65},
                {.header = "P95", .align = Align::kRight, .drop_order = 35},
                {.header = "OUTLIERS", .align = Align::kRight, .drop_order = 10},
                {.header = "THRESHOLD", .align = Align::kRight, .drop_order = 80},
                {.header = "UNSURFACED", .align = Align::kRight, .drop_order = 15},
                {.header = "UNPRICED", .align = Align::kRight, .drop_order = 5},
                {.header = "TOKENS IN", .align = Align::kRight, .drop_order = 70},
                {.header = "CACHED", .align = Align::kRight, .drop_order = 85},
                {.header = "OUT", .align = Align::kRight, .drop_order = 75},
                {.header = "P50 TIME", .align = Align::kRight, .drop_order = 95},
                {.header = "P95 TIME", .align = Align::kRight, .drop_order = 90}});
}

std::string CachedShare(const UsageCounts& counts) {
  const int64_t cached = TokensCached(counts);
  return cached == 0 ? ""
                     : Percent(static_cast<double>(cached) / static_cast<double>(TokensIn(counts)));
}

std::string Threshold(const pb::TopRow& row) {
  if (row.threshold_usd().empty()) {
    return "";
  }
  return row.threshold_learning() ? LearningText(row.threshold_sample_count())
                                  : MoneyText(row.threshold_usd());
}

void AddRow(const pb::TopRow& row, double largest_share, Table& table) {
  const bool priced = row.calls() > row.unpriced_calls();
  const auto of_priced = [priced](const std::string& usd) {
    return priced ? MoneyText(usd) : kNothing;
  };
  const auto share_of_priced = [priced](double share) {
    return priced ? Percent(share) : kNothing;
  };
  const UsageCounts counts = CountsOf(row);
  table.AddRow(
      {NameCell(row.key()),
       {of_priced(row.cost_usd()), Style::kBold},
       share_of_priced(row.spend_share()),
       {Bar(largest_share > 0 ? row.spend_share() / largest_share : 0, kBarWidth), Style::kGreen},
       share_of_priced(row.cumulative_spend_share()),
       Count(row.calls()),
       Percent(row.call_share()),
       of_priced(row.mean_cost_usd()),
       of_priced(row.p50_cost_usd()),
       of_priced(row.p95_cost_usd()),
       CountCell(row.outliers(), Style::kRed),
       {Threshold(row), Style::kDim},
       MoneyCell(row.unsurfaced_usd(), Style::kYellow),
       CountCell(row.unpriced_calls(), Style::kYellow),
       ShortCount(TokensIn(counts)),
       CachedShare(counts),
       ShortCount(TokensOut(counts)),
       KnownDurationText(row.p50_duration_ms()),
       KnownDurationText(row.p95_duration_ms())});
}

void AddTotal(const pb::TopTotal& total, Table& table) {
  table.AddRule();
  table.AddRow({{"total", Style::kBold},
                {SumText(total.cost_usd(), total.calls(), total.unpriced_calls()), Style::kBold},
                "",
                "",
                "",
                Count(total.calls()),
                "",
                "",
                "",
                "",
                CountCell(total.outliers(), Style::kRed),
                "",
                MoneyCell(total.unsurfaced_usd(), Style::kYellow),
                CountCell(total.unpriced_calls(), Style::kYellow),
                "",
                "",
                "",
                "",
                ""});
}

void PrintTop(const pb::GetTopRequest& request, const std::string& by, absl::TimeZone zone,
              const pb::GetTopResponse& top, Session& session) {
  std::ostream& out = *session.env.out;
  PrintTitle(absl::StrCat("Spend by ", by), top.window(), zone, session);
  if (top.rows().empty()) {
    return;
  }
  Table table = MakeTable(request);
  const double largest_share = top.rows(0).spend_share();
  for (const pb::TopRow& row : top.rows()) {
    AddRow(row, largest_share, table);
  }
  AddTotal(top.total(), table);
  out << table.Render(session.env.canvas) << "\n";
  if (top.rows_omitted() > 0) {
    out << Count(top.rows_omitted()) << " more row" << PluralS(top.rows_omitted())
        << ", in the total; --limit 0 shows all.\n";
  }
  PrintPricedShare(top.total().calls(), top.total().unpriced_calls(), session);
}

}  // namespace

int TopCommand(const QueryArguments& arguments, Session& session) {
  pb::GetTopRequest request;
  absl::TimeZone zone;
  const absl::Status read = ReadRanking(arguments, kRowsOnTerminal, session, &request, &zone);
  if (!read.ok()) {
    return WrongUsage(session.env, read.message(), "itemize top");
  }
  const absl::StatusOr<pb::GetTopResponse> top = session.connection->GetTop(request);
  const int exit_status = Answer(top, session, [&](const pb::GetTopResponse& response) {
    PrintTop(request, arguments.by, zone, response, session);
  });
  return exit_status == kExitDone && top->total().calls() == 0
             ? ExplainNothing("calls", arguments.filter, session)
             : exit_status;
}

}  // namespace itemized::cli
