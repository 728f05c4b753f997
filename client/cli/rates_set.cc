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
#include "client/cli/rate_plan_text.h"
#include "client/cli/rate_terms.h"
#include "client/cli/rates_progress.h"
#include "client/cli/text.h"
#include "client/rates/bundled.h"
#include "client/rates/describe_match.h"
#include "client/rates/import.h"
#include "client/rates/rate_plan.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

absl::StatusOr<pb::ModelMatch> MatchOf(absl::string_view model) {
  pb::ModelMatch match;
  if (model == "*") {
    match.set_regex(client::kAnyModelRegex);
    return match;
  }
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
  request.set_reprice(arguments.reprice);
  pb::Rate& rate = *request.add_rates();
  RETURN_IF_ERROR(SetTerms(arguments, rate));
  const bool multiplies = !rate.multiplier().empty();
  if (arguments.model.empty() && (!multiplies || arguments.provider.empty())) {
    return absl::InvalidArgumentError(
        "MODEL is missing: name a model; --provider with a --discount may do without.");
  }
  if (arguments.model == "*" && !multiplies) {
    return absl::InvalidArgumentError(
        "MODEL must name a model, or the beginning of its name and a *; a * alone is for "
        "multipliers.");
  }
  ASSIGN_OR_RETURN(*rate.mutable_match(), MatchOf(arguments.model.empty() ? "*" : arguments.model));
  if (arguments.prices.empty() != multiplies) {
    return absl::InvalidArgumentError(
        multiplies
            ? "Prices and a multiplier are given: leave one of them out."
            : "No price is given: name at least one, such as --input 3.00 --output 15.00, or "
              "a --multiplier.");
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
  ASSIGN_OR_RETURN(const std::string json, ReadInput(arguments.file, env));
  absl::StatusOr<client::RateImport> import = client::ParseRateFile(json, options);
  if (!import.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", arguments.file, "\" cannot be imported. ", import.status().message()));
  }
  return import;
}

// Says that calls that had a price were not touched, unless `reprice` asked for it.
void PrintWhatStays(bool reprice, std::ostream& out) {
  if (!reprice) {
    out << "Calls that had a price keep it; `itemize rates reprice --dry-run` shows what the rates "
           "would make of them.\n";
  }
}

void PrintResult(const pb::SetRatesResponse& response, bool reprice, std::ostream& out) {
  out << "added " << response.added() << ", replaced " << response.replaced() << ", repriced "
      << response.repriced_calls() << " call" << PluralS(response.repriced_calls()) << "\n";
  PrintWhatStays(reprice, out);
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

// Asks for the whole rate book, with the bundled rates in it.
absl::StatusOr<pb::ListRatesResponse> WholeBook(Session& session) {
  pb::ListRatesRequest request;
  request.set_bundled(true);
  return session.connection->ListRates(request);
}

// Returns the book without the bundled rates, of which nothing is ever replaced.
pb::ListRatesResponse OwnRates(const pb::ListRatesResponse& whole) {
  pb::ListRatesResponse own;
  *own.mutable_bundled() = whole.bundled();
  for (const pb::Rate& rate : whole.rates()) {
    if (rate.origin() != pb::RATE_ORIGIN_BUNDLED) {
      *own.add_rates() = rate;
    }
  }
  return own;
}

RateReport ReportOf(const pb::ListRatesResponse& book, client::RateImport import,
                    const Session& session) {
  RateReport report;
  const std::vector<pb::Rate> held(book.rates().begin(), book.rates().end());
  report.plan = client::PlanRates(held, import.rates, session.env.clock->NowUs());
  report.warnings = client::LargeMoves(report.plan, RateName);
  report.notes = std::move(import.warnings);
  report.left_out = std::move(import.left_out);
  return report;
}

}  // namespace

int RatesSetCommand(const RatesArguments& arguments, Session& session) {
  const absl::StatusOr<pb::SetRatesRequest> request = SetRequest(arguments);
  if (!request.ok()) {
    return WrongUsage(session.env, request.status().message(), "itemize rates set");
  }
  const absl::StatusOr<pb::ListRatesResponse> whole = WholeBook(session);
  if (!whole.ok()) {
    return Fail(session, whole.status());
  }
  const pb::ListRatesResponse book = OwnRates(*whole);
  const std::vector<RateReplacement> replaced = Replacements(book, request->rates());
  const bool loses = !replaced.empty() && replaced[0].loses_prices() && !arguments.partial;
  client::RateImport import;
  import.rates.push_back(request->rates(0));
  RateReport report = ReportOf(*whole, std::move(import), session);
  if (arguments.dry_run) {
    if (loses) {
      report.plan.changed.clear();
      report.plan.refused.push_back({request->rates(0), Refusal(replaced[0])});
    }
    return PrintDryRun(report, session);
  }
  if (loses) {
    return WrongUsage(session.env, Refusal(replaced[0]), "itemize rates set");
  }
  PrintWarnings(report, session);
  return Answer(Set(*request, session), session, [&](const pb::SetRatesResponse& response) {
    for (const RateReplacement& replacement : replaced) {
      PrintReplacement(replacement, session);
    }
    PrintResult(response, arguments.reprice, *session.env.out);
    PrintWhatWins(book, request->rates(0), session);
  });
}

int RatesImportCommand(const RatesArguments& arguments, Session& session) {
  absl::StatusOr<client::RateImport> import = ReadRates(arguments, session.env);
  if (!import.ok()) {
    return WrongUsage(session.env, import.status().message(), "itemize rates import");
  }
  if (import->rates.empty()) {
    *session.env.err
        << "itemize: There is no rate in the file, so nothing was set: give one that has some.\n";
    return kExitRefused;
  }
  const absl::StatusOr<pb::ListRatesResponse> book = WholeBook(session);
  if (!book.ok()) {
    return Fail(session, book.status());
  }
  if (arguments.bundled && book->bundled().rates() > 0) {
    *session.env.err << "itemize: The server has bundled prices in force, "
                     << Printable(book->bundled().source())
                     << "; nothing was imported. A rate that you set wins over them.\n";
    return kExitDone;
  }
  pb::SetRatesRequest request;
  request.set_reprice(arguments.reprice);
  for (pb::Rate& rate : import->rates) {
    rate.set_note(arguments.note);
    *request.add_rates() = rate;
  }
  const RateReport report = ReportOf(*book, *std::move(import), session);
  if (arguments.dry_run) {
    return PrintDryRun(report, session);
  }
  PrintWarnings(report, session);
  if (!report.plan.refused.empty()) {
    return PrintRefused(report, session);
  }
  const absl::StatusOr<pb::SetRatesResponse> response = Set(request, session);
  if (!response.ok()) {
    return Fail(session, response.status());
  }
  PrintImported(report, *response, session);
  if (!session.json) {
    PrintReplacements(Replacements(OwnRates(*book), request.rates()), session);
    PrintWhatStays(arguments.reprice, *session.env.out);
  }
  return kExitDone;
}

}  // namespace itemized::cli
