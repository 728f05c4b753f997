// SPDX-License-Identifier: Apache-2.0
#include "client/cli/rates_options.h"

#include "client/cli/prices.h"
#include "client/cli/rate_terms.h"

namespace itemized::cli {

void AddZone(CLI::App& app, std::string& tz) {
  app.add_option("--tz", tz, "Time zone of dates and of times shown (UTC)")->type_name("ZONE");
}

namespace {

void AddReprice(CLI::App& app, RatesArguments& rates) {
  app.add_flag("--reprice", rates.reprice,
               "Also price calls again that have a price (`rates reprice` can be undone)");
}

void AddNote(CLI::App& app, RatesArguments& rates) {
  app.add_option("--note", rates.note, "What to remember of this change")->type_name("TEXT");
}

void AddSource(CLI::App& app, RatesArguments& rates) {
  app.add_option("--source", rates.source, "Where the figures come from")->type_name("TEXT");
}

void AddEffective(CLI::App& app, RatesArguments& rates) {
  app.add_option("--effective-from,--from", rates.effective_from,
                 "Price calls from this time or date on (always)")
      ->type_name("TIME");
  AddZone(app, rates.tz);
}

void AddDryRun(CLI::App& app, RatesArguments& rates) {
  app.add_flag("--dry-run", rates.dry_run, "Show what would change, and set nothing");
}

}  // namespace

void AddRatesSetOptions(CLI::App& app, RatesArguments& rates) {
  app.add_option("MODEL", rates.model,
                 "Model name; a final * is any ending, a * alone any model, for a multiplier")
      ->type_name(" ");
  for (const size_t price : kPricesShown) {
    app.add_option_function<std::string>(
           OptionOf(price),
           [&rates, price](const std::string& usd) {
             rates.prices.emplace_back(kPriceFields[price].name, usd);
           },
           HelpOf(price))
        ->type_name("USD")
        ->group("Prices, USD per 1M tokens");
  }
  app.add_option("--provider", rates.provider, "Only for this provider (any)")->type_name("NAME");
  AddConditionOptions(app, rates);
  AddTermsOptions(app, rates);
  AddEffective(app, rates);
  AddSource(app, rates);
  AddNote(app, rates);
  AddReprice(app, rates);
  AddDryRun(app, rates);
  app.add_flag("--partial", rates.partial, "Also if classes lose the price that they have");
  app.footer(
      "Stored calls without a price that the rate covers are priced; others keep their price.\n"
      "Examples:\n"
      "  itemize rates set claude-sonnet-4-6 --input 3.00 --output 15.00 --cache-read 0.30\n"
      "  itemize rates set 'gpt-5*' --input 1.25 --output 10 --effective-from 2026-11-01\n"
      "  itemize rates set gpt-5 --service-tier flex --multiplier 0.5\n"
      "  itemize rates set --provider openai --attribute tenant=acme --discount 20%");
}

void AddRatesRemoveOptions(CLI::App& app, RatesArguments& rates) {
  app.add_option("MODEL", rates.model, "As `rates list` names it")->required()->type_name(" ");
  app.add_option("--provider", rates.provider, "The rate's provider (any)")->type_name("NAME");
  AddConditionOptions(app, rates);
  app.add_flag("--is-multiplier", rates.is_multiplier,
               "The multiplier, where the same models have prices, too");
  app.add_option("--effective-from,--from", rates.effective_from,
                 "The time or date from which the rate holds (always)")
      ->type_name("TIME");
  AddZone(app, rates.tz);
  AddReprice(app, rates);
  app.footer(
      "Calls that it covered keep their price; with --reprice they have that of what remains.");
}

void AddRatesImportOptions(CLI::App& app, RatesArguments& rates) {
  CLI::Option* file =
      app.add_option("FILE", rates.file, "JSON file; - is standard input")->type_name(" ");
  app.add_flag("--bundled", rates.bundled, "The price list built into itemize")->excludes(file);
  app.add_option("--format", rates.format, "auto, simple, litellm or genai-prices (auto)")
      ->type_name("FORMAT");
  AddEffective(app, rates);
  AddSource(app, rates);
  AddNote(app, rates);
  AddReprice(app, rates);
  AddDryRun(app, rates);
  app.footer(
      "The simple format is {\"model\": {\"input\": 3.00, \"output\": 15.00}}, USD per 1M "
      "tokens.");
}

}  // namespace itemized::cli
