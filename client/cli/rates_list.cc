// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/prices.h"
#include "client/cli/query.h"
#include "client/cli/rate_changes.h"
#include "client/cli/rates_exchange.h"
#include "client/cli/text.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

std::string EffectiveText(const pb::Rate& rate) {
  const int64_t from_us = rate.effective_from_unix_us();
  std::string text;
  if (from_us != 0) {
    text = FormatTime(from_us);
    if (from_us % kMicrosPerDay == 0) {
      text.resize(sizeof("2026-11-01") - 1);
    }
  }
  if (rate.has_hours()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", HoursText(rate.hours()));
  }
  return text;
}

// "" where there is none, so that a column without any price is left out.
Cell PriceCell(const std::string& usd) {
  return usd.empty() ? Cell("") : Cell(PriceText(usd));
}

Table MakeTable(bool with_history) {
  std::vector<Column> columns = {{.header = "MODEL", .shrink_to = 12},
                                 {.header = "PROVIDER", .drop_order = 20, .shrink_to = 8},
                                 {.header = "FROM", .drop_order = 15}};
  columns.push_back({.header = "FACTOR", .align = Align::kRight});
  columns.push_back({.header = "CURRENCY"});
  int drop_order = 30;
  for (const size_t price : kPricesShown) {
    columns.push_back({.header = HeaderOf(price),
                       .align = Align::kRight,
                       .drop_order = IsMainPrice(price) ? 0 : drop_order++});
  }
  columns.push_back({.header = "SOURCE", .drop_order = 90, .shrink_to = 8});
  if (with_history) {
    columns.push_back({.header = "RECORDED", .drop_order = 10});
    columns.push_back({.header = "ENDED", .drop_order = 5});
    columns.push_back({.header = "NOTE", .drop_order = 80, .shrink_to = 8});
  }
  return Table(std::move(columns));
}

void AddRow(Cell model, const pb::Rate& rate, const pb::Prices& prices, std::vector<Cell> history,
            Table& table) {
  std::vector<Cell> cells = {std::move(model), rate.provider(), EffectiveText(rate),
                             rate.multiplier(), rate.currency()};
  for (const size_t price : kPricesShown) {
    cells.push_back(PriceCell((prices.*kPriceFields[price].get)()));
  }
  cells.emplace_back(rate.source(), Style::kDim);
  cells.insert(cells.end(), history.begin(), history.end());
  table.AddRow(std::move(cells));
}

void PrintUnpriced(const pb::ListRatesResponse& response, Session& session) {
  std::ostream& out = *session.env.out;
  if (response.unpriced().empty()) {
    return;
  }
  out << "\n"
      << Styled("Models with calls that no rate covers:", Style::kYellow, session.env.canvas)
      << "\n\n";
  Table table({{.header = "MODEL", .shrink_to = 12},
               {.header = "PROVIDER", .drop_order = 10, .shrink_to = 8},
               {.header = "CALLS", .align = Align::kRight},
               {.header = "WHY", .drop_order = 20, .shrink_to = 12}});
  for (const pb::UnpricedModel& model : response.unpriced()) {
    table.AddRow({NameCell(model.model()), model.provider(), Count(model.calls()), model.reason()});
  }
  out << table.Render(session.env.canvas)
      << "\nPrice one: `itemize rates set MODEL --input USD --output USD`, or many: `itemize rates "
         "import --bundled`.\n";
}

std::string InstantText(int64_t unix_us, absl::TimeZone zone) {
  return unix_us == 0 ? "" : TimeText(FormatTime(unix_us), zone);
}

// How the list is to be shown.
struct Layout {
  absl::TimeZone zone;
  bool with_history = false;
};

std::vector<Cell> HistoryCells(const pb::Rate& rate, const Layout& layout) {
  if (!layout.with_history) {
    return {};
  }
  return {{InstantText(rate.recorded_at_unix_us(), layout.zone), Style::kDim},
          InstantText(rate.ended_at_unix_us(), layout.zone),
          {rate.note(), Style::kDim}};
}

std::string RatesTable(const pb::ListRatesResponse& response, const Layout& layout,
                       Session& session) {
  Table table = MakeTable(layout.with_history);
  for (const pb::Rate& rate : response.rates()) {
    AddRow(ServedName(rate), rate, rate.prices(), HistoryCells(rate, layout), table);
    for (const pb::RateTier& tier : rate.tiers()) {
      AddRow({absl::StrCat("  over ", Count(tier.input_tokens_over()), " in"), Style::kDim},
             pb::Rate(), tier.prices(), HistoryCells(pb::Rate(), layout), table);
    }
  }
  return absl::StrCat(Styled("USD per 1M tokens", Style::kBold, session.env.canvas),
                      "; a class without a price costs what the class it is part of does\n\n",
                      table.Render(session.env.canvas));
}

void PrintExchangeRates(const pb::ListRatesResponse& response, Session& session) {
  if (response.exchange_rates().empty()) {
    return;
  }
  *session.env.out << "\nExchange rates:\n\n" << ExchangeTable(response).Render(session.env.canvas);
}

// Says which prices came with the server.
void PrintBundled(const pb::BundledRates& bundled, std::ostream& out) {
  if (bundled.rates() > 0) {
    out << "Bundled prices are in force: " << Printable(bundled.source()) << ", "
        << Count(bundled.rates()) << " rates (`itemize rates list --bundled`). A rate that you set "
        << "wins over them.\n";
  }
}

void PrintRates(const pb::ListRatesResponse& response, const Layout& layout, Session& session) {
  std::ostream& out = *session.env.out;
  PrintBundled(response.bundled(), out);
  if (response.rates().empty() && response.bundled().rates() == 0) {
    out << "The rate book is empty: no call can be priced.\n"
        << "Fill it: `itemize rates import --bundled`, or `itemize rates set MODEL --input USD "
           "--output USD`.\n";
    PrintExchangeRates(response, session);
    PrintUnpriced(response, session);
    return;
  }
  if (!response.rates().empty()) {
    out << (response.bundled().rates() > 0 ? "\n" : "") << RatesTable(response, layout, session);
  }
  PrintExchangeRates(response, session);
  PrintUnpriced(response, session);
}

}  // namespace

int RatesListCommand(const Arguments& all, Session& session) {
  const RatesArguments& arguments = all.rates;
  const absl::StatusOr<absl::TimeZone> zone = text::FindZone(all.query.window.tz);
  if (!zone.ok()) {
    return WrongUsage(session.env, zone.status().message(), "itemize rates list");
  }
  const absl::StatusOr<int64_t> known_us = KnownAt(all.query.window, *zone);
  if (!known_us.ok()) {
    return WrongUsage(session.env, known_us.status().message(), "itemize rates list");
  }
  pb::ListRatesRequest request;
  request.set_bundled(arguments.bundled);
  request.set_history(arguments.history);
  request.set_as_known_at_unix_us(*known_us);
  const Layout layout{.zone = *zone, .with_history = arguments.history};
  return Answer(
      session.connection->ListRates(request), session,
      [&](const pb::ListRatesResponse& response) { PrintRates(response, layout, session); });
}

}  // namespace itemized::cli
