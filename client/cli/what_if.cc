// SPDX-License-Identifier: Apache-2.0
#include "client/cli/what_if.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "storage/base/money.h"

namespace itemized::cli {
namespace {

// Writes an amount that may be below zero, which a change that costs more has as its saving.
std::string SignedMoney(const std::string& usd) {
  return absl::StartsWith(usd, "-") ? absl::StrCat("-", MoneyText(usd.substr(1))) : MoneyText(usd);
}

std::string SharePercent(const std::string& share) {
  const absl::StatusOr<Picos> parts = ParseUsd(share);
  return parts.ok() ? Percent(static_cast<double>(*parts) / static_cast<double>(kPicosPerUsd))
                    : kNothing;
}

// Prints a sentence in lines that fit the canvas, all but the first indented.
void PrintWrapped(absl::string_view first, absl::string_view sentence, Session& session) {
  constexpr size_t kIndent = 2;
  const size_t width = std::max<size_t>(session.env.canvas.width, 40);
  std::string line(first);
  bool is_empty = true;
  for (const absl::string_view word : absl::StrSplit(Printable(sentence), ' ')) {
    if (!is_empty && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
      *session.env.out << line << "\n";
      line = std::string(kIndent, ' ');
      is_empty = true;
    }
    absl::StrAppend(&line, is_empty ? "" : " ", word);
    is_empty = false;
  }
  *session.env.out << line << "\n";
}

void AddChange(const pb::WhatIfChange& change, Table& table) {
  const bool costs = absl::StartsWith(change.saving_usd(), "-");
  table.AddRow({change.change(),
                Count(change.changed_calls()),
                {SignedMoney(change.saving_usd()), costs ? Style::kRed : Style::kGreen},
                SignedMoney(change.saving_30d_usd())});
}

Table MakeTable(const pb::WhatIfResponse& response) {
  Table table({{.header = "", .shrink_to = 24},
               {.header = "CALLS", .align = Align::kRight, .drop_order = 10},
               {.header = "USD", .align = Align::kRight},
               {.header = "IN 30 DAYS", .align = Align::kRight}});
  table.AddRow(
      {{"before", Style::kBold}, "", {MoneyText(response.before_usd()), Style::kBold}, ""});
  for (const pb::WhatIfChange& change : response.changes()) {
    AddChange(change, table);
  }
  if (!response.changes().empty()) {
    table.AddRule();
    table.AddRow({"saving (" + Percent(response.saving_share()) + ")", "",
                  SignedMoney(response.saving_usd()), SignedMoney(response.saving_30d_usd())});
    table.AddRow(
        {{"after", Style::kBold}, "", {SignedMoney(response.after_usd()), Style::kBold}, ""});
  }
  return table;
}

void PrintGate(const pb::WhatIfChange& change, Session& session) {
  const pb::GateBreakEven& gate = change.gate();
  std::string text = absl::StrCat("The gate of ", change.step(), " skips ",
                                  SharePercent(gate.skip()), " of its calls");
  if (gate.skip_is_measured()) {
    absl::StrAppend(&text, " (", Count(gate.unused_runs()), " of ", Count(gate.runs()),
                    " complete runs did not use it)");
  }
  if (gate.has_break_even_skip()) {
    absl::StrAppend(&text, "; it pays from ", SharePercent(gate.break_even_skip()), " on");
  }
  if (!gate.has_break_even_calls()) {
    absl::StrAppend(&text, "; it never pays");
  } else if (gate.break_even_calls() > 0) {
    absl::StrAppend(&text, ", and has paid what it costs once after ",
                    Count(gate.break_even_calls()), " call", PluralS(gate.break_even_calls()));
  }
  PrintWrapped("", absl::StrCat(text, "."), session);
}

void PrintWhatIf(const pb::WhatIfResponse& response, absl::TimeZone zone, Session& session) {
  std::ostream& out = *session.env.out;
  PrintTitle("What if", response.window(), zone, session);
  out << MakeTable(response).Render(session.env.canvas) << "\n";
  if (response.changes().empty()) {
    out << "Nothing is changed. Say what to change: --model, --gate, --cap-input, --cache, "
           "--batch\n"
           "or --drop, each with a step; `itemize what-if --help` has an example.\n";
  }
  for (const pb::WhatIfChange& change : response.changes()) {
    if (change.has_gate()) {
      PrintGate(change, session);
    }
  }
  if (response.assumptions().empty()) {
    return;
  }
  out << "\nWhat this takes for granted:\n";
  for (const std::string& sentence : response.assumptions()) {
    PrintWrapped("- ", sentence, session);
  }
}

}  // namespace

int WhatIfCommand(const WhatIfArguments& arguments, const text::WindowArguments& window_arguments,
                  Session& session) {
  const absl::StatusOr<QueryWindow> window = ResolveWindow(window_arguments, session);
  if (!window.ok()) {
    return WrongUsage(session.env, window.status().message(), "itemize what-if");
  }
  pb::WhatIfRequest request;
  *request.mutable_window() = window->spec;
  *request.mutable_filter() = arguments.filter;
  request.mutable_changes()->Add(arguments.changes.begin(), arguments.changes.end());
  return Answer(
      session.connection->WhatIf(request), session,
      [&](const pb::WhatIfResponse& response) { PrintWhatIf(response, window->zone, session); });
}

}  // namespace itemized::cli
