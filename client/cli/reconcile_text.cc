// SPDX-License-Identifier: Apache-2.0
#include "client/cli/reconcile_text.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "client/cli/format.h"
#include "client/cli/json_writer.h"
#include "client/cli/query.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

// A figure of both sides, in whole units.
struct Pair {
  Picos traced = 0;
  Picos exported = 0;

  Picos difference() const { return traced - exported; }
};

std::optional<Pair> TokensOf(const client::ComparedRow& row, bool has_tokens) {
  return has_tokens ? std::optional(Pair{row.traced.tokens, row.provider.tokens.value_or(0)})
                    : std::nullopt;
}

std::optional<Pair> CostOf(const client::ComparedRow& row, bool has_cost) {
  return has_cost ? std::optional(Pair{row.traced.cost, row.provider.cost.value_or(0)})
                  : std::nullopt;
}

std::string DayText(Day day) {
  return FormatTime(DayStartUs(day)).substr(0, sizeof("2026-11-01") - 1);
}

std::string CountOf(Picos count) {
  return Count(static_cast<int64_t>(count));
}

// Returns "+1.2%", or "" where there is nothing to compare with.
std::string ShareText(const Pair& pair) {
  if (pair.exported == 0) {
    return pair.traced == 0 ? "" : "new";
  }
  const Picos tenths = DivideRounded(pair.difference() * 1'000, pair.exported);
  const Picos magnitude = tenths < 0 ? -tenths : tenths;
  return absl::StrCat(pair.difference() < 0   ? "-"
                      : pair.difference() > 0 ? "+"
                                              : "",
                      FormatUsd(magnitude * (kPicosPerUsd / 10)), "%");
}

std::string SignedMoney(Picos amount) {
  return absl::StrCat(amount < 0   ? "-"
                      : amount > 0 ? "+"
                                   : "",
                      Money(amount < 0 ? -amount : amount));
}

std::string SignedCount(Picos count) {
  return absl::StrCat(count > 0 ? "+" : "", CountOf(count));
}

class Printer {
 public:
  Printer(const client::UsageExport& exported, const client::Comparison& comparison,
          const std::string& provider, Picos tolerance, Session& session)
      : exported_(exported),
        comparison_(comparison),
        provider_(provider),
        tolerance_(tolerance),
        session_(session),
        has_tokens_(comparison.total.provider.tokens.has_value()),
        has_cost_(comparison.total.provider.cost.has_value()) {}

  void Print() {
    std::ostream& out = *session_.env.out;
    out << Styled(
               Printable(absl::StrCat("Traced against ", client::ExportFormatName(exported_.format),
                                      provider_.empty() ? "" : " of ", provider_)),
               Style::kBold, session_.env.canvas)
        << ", " << FormatTime(exported_.covers.start_us) << " to "
        << FormatTime(exported_.covers.end_us) << "\n\n";
    Table table = MakeTable();
    for (const client::ComparedRow& row : comparison_.rows) {
      AddRow(DayText(row.day), row, table);
    }
    table.AddRule();
    AddRow("total", comparison_.total, table);
    out << table.Render(session_.env.canvas) << "\n";
    for (const std::string& sentence : Sentences()) {
      out << Printable(sentence) << "\n";
    }
  }

  void PrintJson() {
    JsonWriter json;
    json.BeginObject()
        .Field("format", client::ExportFormatName(exported_.format))
        .Known("provider", provider_)
        .BeginObject("window")
        .Field("start", FormatTime(exported_.covers.start_us))
        .Field("end", FormatTime(exported_.covers.end_us))
        .End()
        .Field("tolerance", FormatUsd(tolerance_))
        .Flag("within", comparison_.is_within())
        .BeginArray("rows");
    for (const client::ComparedRow& row : comparison_.rows) {
      json.BeginObject().Field("day", DayText(row.day)).Field("model", row.model);
      AddFigures(row, &json);
      json.End();
    }
    json.End().BeginObject("total");
    AddFigures(comparison_.total, &json);
    json.End();
    AddNames("joined", comparison_.joined, &json);
    AddNames("only_traced", comparison_.only_traced, &json);
    AddNames("only_exported", comparison_.only_exported, &json);
    json.Field("repeated_rows", exported_.repeated_rows)
        .Flag("unfinished", exported_.is_unfinished)
        .End();
    *session_.env.out << json.Take();
  }

 private:
  Table MakeTable() const {
    return Table({{.header = "DAY"},
                  {.header = "MODEL", .shrink_to = 12},
                  {.header = "CALLS", .align = Align::kRight, .drop_order = 30},
                  {.header = "UNPRICED", .align = Align::kRight, .drop_order = 20},
                  {.header = "TOKENS", .align = Align::kRight, .drop_order = 25},
                  {.header = "COST", .align = Align::kRight},
                  {.header = "THEIR TOKENS", .align = Align::kRight, .drop_order = 24},
                  {.header = "THEIR COST", .align = Align::kRight},
                  {.header = "DIFFERENCE", .align = Align::kRight},
                  {.header = "SHARE", .align = Align::kRight},
                  {.header = "", .drop_order = 10}});
  }

  void AddRow(const std::string& day, const client::ComparedRow& row, Table& table) const {
    const std::optional<Pair> tokens = TokensOf(row, has_tokens_);
    const std::optional<Pair> cost = CostOf(row, has_cost_);
    const Style style = row.is_within ? Style::kPlain : Style::kYellow;
    const Pair shown = cost ? *cost : tokens.value_or(Pair());
    const bool is_priced = row.traced.calls > row.traced.unpriced_calls;
    table.AddRow({day,
                  day == "total" ? Cell("") : NameCell(row.model),
                  CountCell(row.traced.calls),
                  CountCell(row.traced.unpriced_calls, Style::kYellow),
                  row.is_traced ? CountOf(row.traced.tokens) : kNothing,
                  is_priced ? Money(row.traced.cost) : kNothing,
                  tokens ? (row.is_exported ? CountOf(tokens->exported) : kNothing) : "",
                  cost ? (row.is_exported ? Money(cost->exported) : kNothing) : "",
                  {cost ? SignedMoney(shown.difference()) : SignedCount(shown.difference()), style},
                  {ShareText(shown), style},
                  {row.is_within ? "" : "differs", style}});
  }

  std::vector<std::string> Sentences() const {
    std::vector<std::string> sentences;
    const auto add = [&](bool applies, const std::string& sentence) {
      if (applies) {
        sentences.push_back(sentence);
      }
    };
    add(!comparison_.joined.empty(), absl::StrCat("Compared under another name: ",
                                                  absl::StrJoin(comparison_.joined, ", "), "."));
    add(!comparison_.only_traced.empty(),
        absl::StrCat("Only traced: ", absl::StrJoin(comparison_.only_traced, ", "), "."));
    add(!comparison_.only_exported.empty(),
        absl::StrCat("Only in the export: ", absl::StrJoin(comparison_.only_exported, ", "), "."));
    add(exported_.repeated_rows > 0, absl::StrCat("Rows that are there again were counted once: ",
                                                  exported_.repeated_rows, "."));
    add(exported_.is_unfinished,
        "The export goes on (has_more): fetch its next page, and name all pages.");
    const std::string tolerance = absl::StrCat(FormatUsd(tolerance_ * 100), "%.");
    add(true, comparison_.is_within() ? absl::StrCat("All within ", tolerance)
                                      : absl::StrCat("Not all is within ", tolerance));
    return sentences;
  }

  void AddFigures(const client::ComparedRow& row, JsonWriter* json) const {
    json->Field("traced_calls", row.traced.calls)
        .Field("traced_unpriced_calls", row.traced.unpriced_calls)
        .Field("traced_tokens", row.traced.tokens)
        .Field("traced_cost_usd", FormatUsd(row.traced.cost));
    if (row.provider.calls) {
      json->Field("provider_calls", *row.provider.calls);
    }
    if (const std::optional<Pair> tokens = TokensOf(row, has_tokens_)) {
      json->Field("provider_tokens", static_cast<int64_t>(tokens->exported))
          .Field("difference_tokens", static_cast<int64_t>(tokens->difference()));
    }
    if (const std::optional<Pair> cost = CostOf(row, has_cost_)) {
      json->Field("provider_cost_usd", FormatUsd(cost->exported))
          .Field("difference_cost_usd", FormatUsd(cost->difference()));
    }
    const std::optional<Pair> shown = has_cost_ ? CostOf(row, true) : TokensOf(row, has_tokens_);
    if (shown && shown->exported != 0) {
      const Picos millionths = DivideRounded(shown->difference() * 1'000'000, shown->exported);
      json->Number("difference_share", FormatUsd(millionths * (kPicosPerUsd / 1'000'000)));
    }
    json->Flag("within", row.is_within);
  }

  static void AddNames(absl::string_view field, const std::vector<std::string>& names,
                       JsonWriter* json) {
    json->BeginArray(field);
    for (const std::string& name : names) {
      json->String(name);
    }
    json->End();
  }

  const client::UsageExport& exported_;
  const client::Comparison& comparison_;
  const std::string& provider_;
  const Picos tolerance_;
  Session& session_;
  const bool has_tokens_;
  const bool has_cost_;
};

}  // namespace

void PrintComparison(const client::UsageExport& exported, const client::Comparison& comparison,
                     const std::string& provider, Picos tolerance, Session& session) {
  Printer printer(exported, comparison, provider, tolerance, session);
  session.json ? printer.PrintJson() : printer.Print();
}

}  // namespace itemized::cli
