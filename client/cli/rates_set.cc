// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

#include "client/cli/commands.h"
#include "client/cli/input_file.h"
#include "client/cli/query.h"
#include "client/cli/rate_changes.h"
#include "client/cli/rates_progress.h"
#include "client/cli/text.h"
#include "client/rates/bundled.h"
#include "client/rates/import.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

absl::StatusOr<pb::ModelMatch> MatchOf(absl::string_view model) {
  pb::ModelMatch match;
  const bool prefix = absl::ConsumeSuffix(&model, "*");
  if (model.empty()) {
    return absl::InvalidArgumentError(
        "MODEL must name a model, or the beginning of its name and a *.");
  }
  if (absl::StrContains(model, "*")) {
    return absl::InvalidArgumentError("MODEL can have a * only at its end.");
  }
  if (prefix) {
    match.set_starts_with(std::string(model));
  } else {
    match.set_equals(std::string(model));
  }
  return match;
}

absl::Status SetPrice(const std::string& field, const std::string& usd, pb::Prices& prices) {
  constexpr int kDecimals = 6;  // The resolution of the rate book.
  const absl::StatusOr<Picos> price = ParseDecimal(usd, kDecimals);
  if (!price.ok() || *price < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--", absl::StrReplaceAll(field, {{"_", "-"}}),
        " must be a price in USD with up to six decimals, such as 3.00, but is \"", usd, "\"."));
  }
  const auto* descriptor = pb::Prices::descriptor()->FindFieldByName(field);
  prices.GetReflection()->SetString(&prices, descriptor, usd);
  return absl::OkStatus();
}

absl::StatusOr<pb::SetRatesRequest> SetRequest(const RatesArguments& arguments) {
  pb::SetRatesRequest request;
  pb::Rate& rate = *request.add_rates();
  ASSIGN_OR_RETURN(*rate.mutable_match(), MatchOf(arguments.model));
  if (arguments.prices.empty()) {
    return absl::InvalidArgumentError(
        "No price is given: name at least one, such as --input 3.00 --output 15.00.");
  }
  for (const auto& [field, usd] : arguments.prices) {
    RETURN_IF_ERROR(SetPrice(field, usd, *rate.mutable_prices()));
  }
  rate.set_provider(arguments.provider);
  rate.set_source(arguments.source);
  rate.set_note(arguments.note);
  ASSIGN_OR_RETURN(const int64_t effective_from_us, EffectiveFrom(arguments));
  rate.set_effective_from_unix_us(effective_from_us);
  return request;
}

absl::StatusOr<client::RateImport> ReadBundled(const client::RateImportOptions& options) {
  client::RateImport import;
  ASSIGN_OR_RETURN(import.rates, client::BundledRates());
  for (pb::Rate& rate : import.rates) {
    if (rate.effective_from_unix_us() == 0) {
      rate.set_effective_from_unix_us(options.effective_from_us);
    }
    if (!options.source.empty()) {
      rate.set_source(options.source);
    }
  }
  return import;
}

absl::StatusOr<client::RateImport> ReadRates(const RatesArguments& arguments,
                                             const Environment& env) {
  client::RateImportOptions options;
  options.source = arguments.source;
  ASSIGN_OR_RETURN(options.format, client::ParseRateFormat(arguments.format));
  ASSIGN_OR_RETURN(options.effective_from_us, EffectiveFrom(arguments));
  if (arguments.bundled) {
    return ReadBundled(options);
  }
  if (arguments.file.empty()) {
    return absl::InvalidArgumentError("Name a price file, or give --bundled.");
  }
  RETURN_IF_ERROR(CheckInput(arguments.file).status());
  ASSIGN_OR_RETURN(const std::string json,
                   ReadInput(arguments.file, env.stdin_fd, *env.interrupted));
  return client::ParseRateFile(json, options);
}

void PrintResult(const pb::SetRatesResponse& response, std::ostream& out) {
  out << "added " << response.added() << ", replaced " << response.replaced() << ", repriced "
      << response.repriced_calls() << " call" << PluralS(response.repriced_calls()) << "\n";
}

absl::StatusOr<pb::SetRatesResponse> Set(const pb::SetRatesRequest& request, Session& session) {
  return WithProgress<pb::SetRatesResponse>(
      [&] { return session.connection->SetRates(request, client::kAdminTimeout); }, session);
}

// What the rate loses is named as the options that would keep it.
std::string Refusal(const RateReplacement& replacement) {
  const pb::Prices& before = replacement.before.prices();
  std::vector<std::string> options;
  for (const std::string& field : replacement.lost) {
    const auto* descriptor = pb::Prices::descriptor()->FindFieldByName(field);
    options.push_back(absl::StrCat("--", absl::StrReplaceAll(field, {{"_", "-"}}), " ",
                                   before.GetReflection()->GetString(before, descriptor)));
  }
  if (options.empty()) {
    return absl::StrCat(RateName(replacement.before),
                        " has other prices for large contexts, which this would take away: give "
                        "--partial to do without them.");
  }
  return absl::StrCat(RateName(replacement.before), " has prices that this would take away. Give ",
                      options.size() == 1 ? "it" : "them", " too: ", absl::StrJoin(options, " "),
                      "; or --partial to do without.");
}

}  // namespace

int RatesSetCommand(const RatesArguments& arguments, Session& session) {
  const absl::StatusOr<pb::SetRatesRequest> request = SetRequest(arguments);
  if (!request.ok()) {
    return WrongUsage(session.env, request.status().message(), "itemize rates set");
  }
  const absl::StatusOr<pb::ListRatesResponse> book = session.connection->ListRates();
  if (!book.ok()) {
    return Fail(session, book.status());
  }
  const std::vector<RateReplacement> replaced = Replacements(*book, request->rates());
  if (!replaced.empty() && replaced[0].loses_prices() && !arguments.partial) {
    return WrongUsage(session.env, Refusal(replaced[0]), "itemize rates set");
  }
  return Answer(Set(*request, session), session, [&](const pb::SetRatesResponse& response) {
    for (const RateReplacement& replacement : replaced) {
      PrintReplacement(replacement, session);
    }
    PrintResult(response, *session.env.out);
    PrintWhatWins(*book, request->rates(0), session);
  });
}

int RatesImportCommand(const RatesArguments& arguments, Session& session) {
  absl::StatusOr<client::RateImport> import = ReadRates(arguments, session.env);
  if (!import.ok()) {
    return WrongUsage(session.env, import.status().message(), "itemize rates import");
  }
  for (const std::string& warning : import->warnings) {
    *session.env.err << "itemize: " << Printable(warning) << "\n";
  }
  pb::SetRatesRequest request;
  for (pb::Rate& rate : import->rates) {
    rate.set_note(arguments.note);
    *request.add_rates() = std::move(rate);
  }
  if (request.rates().empty()) {
    *session.env.err
        << "itemize: There is no rate in the file, so nothing was set: give one that has some.\n";
    return kExitRefused;
  }
  const absl::StatusOr<pb::ListRatesResponse> book = session.connection->ListRates();
  if (!book.ok()) {
    return Fail(session, book.status());
  }
  if (arguments.bundled && book->bundled().rates() > 0) {
    *session.env.err << "itemize: The server has bundled prices in force, "
                     << Printable(book->bundled().source())
                     << "; nothing was imported. A rate that you set wins over them.\n";
    return kExitDone;
  }
  return Answer(Set(request, session), session, [&](const pb::SetRatesResponse& response) {
    PrintResult(response, *session.env.out);
    PrintReplacements(Replacements(*book, request.rates()), session);
  });
}

}  // namespace itemized::cli
