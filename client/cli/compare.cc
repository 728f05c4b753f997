// SPDX-License-Identifier: Apache-2.0
#include "proto/text/compare.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "proto/text/question.h"

#include "client/cli/changes.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/ranking.h"
#include "client/cli/text.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

constexpr int32_t kRowsOnTerminal = 20;
constexpr size_t kCausesInRow = 3;

Picos SizeOf(Picos picos) {
  return picos < 0 ? -picos : picos;
}

std::string PercentOfChange(Picos change, Picos before) {
  if (before == 0) {
    return "";
  }
  const double share = static_cast<double>(change) / static_cast<double>(before);
  return absl::StrCat(" (", share > 0 ? "+" : "-", Percent(share < 0 ? -share : share), ")");
}

Style StyleOf(const std::string& usd) {
  return AmountOf(usd) > 0 ? Style::kRed : Style::kGreen;
}

// Returns the largest causes of a row: "new step +$400.00, volume +$20.10".
std::string MainCauses(const pb::CompareRow& row) {
  std::vector<std::string> texts;
  for (const auto& [cause, usd] : CausesBySize(row.causes())) {
    if (texts.size() < kCausesInRow) {
      texts.push_back(absl::StrCat(WordsOf(cause), " ", ChangeText(usd)));
    }
  }
  return absl::StrJoin(texts, ", ");
}

void PrintSide(const char* label, const pb::Window& window, const std::string& usd, int64_t calls,
               int64_t runs, absl::TimeZone zone, Session& session) {
  PrintLine(label, WindowText(window, zone), session);
  PrintLine("",
            absl::StrCat(MoneyText(usd), " in ", Count(calls), " call", PluralS(calls), " of ",
                         Count(runs), " run", PluralS(runs)),
            session);
}

void PrintCauses(const pb::CompareResponse& response, Session& session) {
  Table table({{.header = "CAUSE"},
               {.header = "CHANGE", .align = Align::kRight},
               {.header = "OF BEFORE", .align = Align::kRight, .drop_order = 10}});
  const Picos before = AmountOf(response.before_usd());
  for (const auto& [cause, usd] : CausesBySize(response.causes())) {
    const Picos change = AmountOf(usd);
    const double share =
        before == 0 ? 0 : static_cast<double>(SizeOf(change)) / static_cast<double>(before);
    table.AddRow({WordsOf(cause),
                  {ChangeText(usd), StyleOf(usd)},
                  before == 0 ? "" : absl::StrCat(change > 0 ? "+" : "-", Percent(share))});
  }
  *session.env.out << table.Render(session.env.canvas) << "\n";
}

Table MakeTable(const std::string& by) {
  return Table({{.header = absl::AsciiStrToUpper(by), .shrink_to = 12},
                {.header = "BEFORE", .align = Align::kRight, .drop_order = 20},
                {.header = "AFTER", .align = Align::kRight, .drop_order = 15},
                {.header = "CHANGE", .align = Align::kRight},
                {.header = "MAINLY", .drop_order = 10},
                {.header = "P50 TIME", .drop_order = 30},
                {.header = "P95 TIME", .drop_order = 40}});
}

void PrintCompare(const pb::CompareResponse& response, const std::string& by, absl::TimeZone zone,
                  Session& session) {
  std::ostream& out = *session.env.out;
  out << Styled(absl::StrCat("Change in spend by ", by), Style::kBold, session.env.canvas)
      << "\n\n";
  PrintSide("before", response.before_window(), response.before_usd(), response.before_calls(),
            response.before_runs(), zone, session);
  PrintSide("after", response.after_window(), response.after_usd(), response.after_calls(),
            response.after_runs(), zone, session);
  PrintLine("change",
            absl::StrCat(
                ChangeText(response.change_usd()),
                PercentOfChange(AmountOf(response.change_usd()), AmountOf(response.before_usd()))),
            session);
  out << "\n";
  if (response.rows().empty()) {
    return;
  }
  PrintCauses(response, session);
  Table table = MakeTable(by);
  for (const pb::CompareRow& row : response.rows()) {
    table.AddRow({NameCell(row.key()),
                  MoneyText(row.before_usd()),
                  MoneyText(row.after_usd()),
                  {ChangeText(row.change_usd()), StyleOf(row.change_usd())},
                  MainCauses(row),
                  TimesText(row.has_before_p50_duration_ms(), row.before_p50_duration_ms(),
                            row.has_after_p50_duration_ms(), row.after_p50_duration_ms()),
                  TimesText(row.has_before_p95_duration_ms(), row.before_p95_duration_ms(),
                            row.has_after_p95_duration_ms(), row.after_p95_duration_ms())});
  }
  out << table.Render(session.env.canvas) << "\n";
  if (response.rows_omitted() > 0) {
    out << Count(response.rows_omitted()) << " more row" << PluralS(response.rows_omitted())
        << ", in the causes above; --limit 0 shows all.\n";
  }
  PrintPricedShare(response.before_calls() + response.after_calls(),
                   response.before_unpriced_calls() + response.after_unpriced_calls(), session);
}

absl::StatusOr<pb::CompareRequest> ToRequest(const QueryArguments& arguments, absl::TimeZone zone,
                                             Session& session) {
  const text::CompareArguments sides{.before = arguments.before,
                                     .after = arguments.after,
                                     .window = arguments.window,
                                     .filter = arguments.filter};
  ASSIGN_OR_RETURN(pb::CompareRequest request,
                   text::ToCompareRequest(sides, zone, session.NowUs()));
  EndWithFiles(session, request.mutable_before()->mutable_window());
  EndWithFiles(session, request.mutable_after()->mutable_window());
  pb::GroupBy by = pb::GROUP_BY_UNSPECIFIED;
  std::string attribute_key;
  if (!text::ParseGroupBy(arguments.by, &by, &attribute_key) || by == pb::GROUP_BY_ATTRIBUTE) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--by must be step, model, workflow or provider, but is \"", arguments.by, "\"."));
  }
  request.set_by(by);
  request.set_limit(LimitFor(arguments, kRowsOnTerminal, session));
  return request;
}

}  // namespace

int CompareCommand(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<absl::TimeZone> zone = text::FindZone(arguments.window.tz);
  if (!zone.ok()) {
    return WrongUsage(session.env, zone.status().message(), "itemize compare");
  }
  const absl::StatusOr<pb::CompareRequest> request = ToRequest(arguments, *zone, session);
  if (!request.ok()) {
    return WrongUsage(session.env, request.status().message(), "itemize compare");
  }
  const absl::StatusOr<pb::CompareResponse> response = session.connection->Compare(*request);
  const int exit_status = Answer(response, session, [&](const pb::CompareResponse& answer) {
    PrintCompare(answer, arguments.by, *zone, session);
  });
  if (exit_status != kExitDone || !response->rows().empty()) {
    return exit_status;
  }
  return ExplainNothing("calls", arguments.filter, session);
}

}  // namespace itemized::cli
