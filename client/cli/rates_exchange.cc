// SPDX-License-Identifier: Apache-2.0
#include "client/cli/rates_exchange.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/query.h"
#include "client/cli/rate_changes.h"
#include "client/cli/rates_progress.h"
#include "client/cli/text.h"
#include "storage/base/money.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

std::string FromText(int64_t unix_us) {
  std::string text = unix_us == 0 ? "always" : FormatTime(unix_us);
  if (unix_us != 0 && unix_us % kMicrosPerDay == 0) {
    text.resize(sizeof("2026-11-01") - 1);
  }
  return text;
}

}  // namespace

Table ExchangeTable(const pb::ListRatesResponse& book) {
  Table table({{.header = "CURRENCY"},
               {.header = "FROM"},
               {.header = "USD A UNIT", .align = Align::kRight},
               {.header = "ENDED", .drop_order = 10},
               {.header = "SOURCE", .drop_order = 90, .shrink_to = 8}});
  for (const pb::ExchangeRate& rate : book.exchange_rates()) {
    const bool has_ended = rate.has_ended_at_unix_us();
    table.AddRow({rate.currency(), FromText(rate.effective_from_unix_us()), rate.usd(),
                  has_ended ? FormatTime(rate.ended_at_unix_us()) : "",
                  Cell(rate.source(), Style::kDim)});
  }
  return table;
}

int ExchangeListCommand(Session& session) {
  absl::StatusOr<pb::ListRatesResponse> book = session.connection->ListRates();
  if (book.ok()) {
    pb::ListRatesResponse exchange;
    exchange.mutable_exchange_rates()->Swap(book->mutable_exchange_rates());
    book = std::move(exchange);
  }
  return Answer(book, session, [&](const pb::ListRatesResponse& response) {
    if (response.exchange_rates().empty()) {
      *session.env.out << "There is no exchange rate. Set one: `itemize rates exchange set EUR "
                          "1.0850 --from 2026-01-01`.\n";
      return;
    }
    *session.env.out << ExchangeTable(response).Render(session.env.canvas);
  });
}

int ExchangeSetCommand(const RatesArguments& arguments, Session& session) {
  pb::SetRatesRequest request;
  request.set_reprice(arguments.reprice);
  pb::ExchangeRate& rate = *request.add_exchange_rates();
  rate.set_currency(absl::AsciiStrToUpper(arguments.currency));
  rate.set_usd(arguments.exchange);
  rate.set_source(arguments.source);
  const absl::StatusOr<int64_t> from_us = EffectiveFrom(arguments);
  if (!from_us.ok()) {
    return WrongUsage(session.env, from_us.status().message(), "itemize rates exchange set");
  }
  rate.set_effective_from_unix_us(*from_us);
  const auto set = [&] { return session.connection->SetRates(request, client::kAdminTimeout); };
  return Answer(WithProgress<pb::SetRatesResponse>(set, session), session,
                [&](const pb::SetRatesResponse& response) {
                  *session.env.out << "added " << response.added() << ", replaced "
                                   << response.replaced() << ", repriced "
                                   << response.repriced_calls() << " call"
                                   << PluralS(response.repriced_calls()) << "\n";
                });
}

int ExchangeRemoveCommand(const RatesArguments& arguments, Session& session) {
  pb::RemoveRatesRequest request;
  request.set_reprice(arguments.reprice);
  pb::ExchangeRateId& id = *request.add_exchange_rates();
  id.set_currency(absl::AsciiStrToUpper(arguments.currency));
  const absl::StatusOr<int64_t> from_us = EffectiveFrom(arguments);
  if (!from_us.ok()) {
    return WrongUsage(session.env, from_us.status().message(), "itemize rates exchange remove");
  }
  id.set_effective_from_unix_us(*from_us);
  const auto remove = [&] {
    return session.connection->RemoveRates(request, client::kAdminTimeout);
  };
  return Answer(WithProgress<pb::RemoveRatesResponse>(remove, session), session,
                [&](const pb::RemoveRatesResponse& response) {
                  *session.env.out << "removed " << response.removed() << ", repriced "
                                   << response.repriced_calls() << " call"
                                   << PluralS(response.repriced_calls()) << "\n";
                });
}

}  // namespace itemized::cli
