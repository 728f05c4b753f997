// SPDX-License-Identifier: Apache-2.0
#include "client/cli/rates_options.h"

#include <string>

#include "client/cli/prices.h"

namespace itemized::cli {
namespace {

void AddZone(CLI::App& app, RatesArguments& arguments) {
  app.add_option("--tz", arguments.tz, "Time zone of dates and of times shown (UTC)")
      ->type_name("ZONE");
}

void AddNote(CLI::App& app, RatesArguments& arguments) {
  app.add_option("--note", arguments.note, "What to remember of this change")->type_name("TEXT");
}

void AddSource(CLI::App& app, RatesArguments& arguments) {
  app.add_option("--source", arguments.source, "Where the figures come from")->type_name("TEXT");
}

void AddEffective(CLI::App& app, RatesArguments& arguments) {
  app.add_option("--effective-from,--from", arguments.effective_from,
                 "Price calls from this time or date on (always)")
      ->type_name("TIME");
  AddZone(app, arguments);
}

void AddServedAs(CLI::App& app, RatesArguments& arguments) {
  app.add_option("--service-tier", arguments.service_tier,
                 "Calls that were served so: flex, priority, batch (standard)")
      ->type_name("NAME");
  app.add_option("--region", arguments.region, "Calls that were served there: us (any)")
      ->type_name("NAME");
}

void AddDryRun(CLI::App& app, RatesArguments& arguments) {
  app.add_flag("--dry-run", arguments.dry_run, "Show what would change, and set nothing");
}

}  // namespace

void AddRatesSetOptions(CLI::App& app, RatesArguments& arguments) {
  app.add_option("MODEL", arguments.model, "Model name; a final * is any ending")
      ->required()
      ->type_name(" ");
  for (const size_t price : kPricesShown) {
    app.add_option_function<std::string>(
           OptionOf(price),
           [&arguments, price](const std::string& usd) {
             arguments.prices.emplace_back(kPriceFields[price].name, usd);
           },
           HelpOf(price))
        ->type_name("USD")
        ->group("Prices, USD per 1M tokens");
  }
  app.add_option("--provider", arguments.provider, "Only for this provider (any)")
      ->type_name("NAME");
  AddServedAs(app, arguments);
  AddEffective(app, arguments);
  AddSource(app, arguments);
  AddNote(app, arguments);
  AddDryRun(app, arguments);
  app.add_flag("--partial", arguments.partial, "Also if classes lose the price that they have");
  app.footer(
      "Calls that the rate covers are priced again, also those already stored.\n"
      "Examples:\n"
      "  itemize rates set claude-sonnet-4-6 --input 3.00 --output 15.00 --cache-read 0.30\n"
      "  itemize rates set 'gpt-5*' --input 1.25 --output 10 --effective-from 2026-11-01");
}

void AddRatesRemoveOptions(CLI::App& app, RatesArguments& arguments) {
  app.add_option("MODEL", arguments.model, "As `rates list` names it")->required()->type_name(" ");
  app.add_option("--provider", arguments.provider, "The rate's provider (any)")->type_name("NAME");
  AddServedAs(app, arguments);
  app.add_option("--effective-from,--from", arguments.effective_from,
                 "The time or date from which the rate holds (always)")
      ->type_name("TIME");
  AddZone(app, arguments);
  app.footer("Calls that it covered are priced again by what remains, or have no price any more.");
}

void AddRatesImportOptions(CLI::App& app, RatesArguments& arguments) {
  CLI::Option* file =
      app.add_option("FILE", arguments.file, "JSON file; - is standard input")->type_name(" ");
  app.add_flag("--bundled", arguments.bundled, "The price list built into itemize")->excludes(file);
  app.add_option("--format", arguments.format, "auto, simple, litellm or genai-prices (auto)")
      ->type_name("FORMAT");
  AddEffective(app, arguments);
  AddSource(app, arguments);
  AddNote(app, arguments);
  AddDryRun(app, arguments);
  app.footer(
      "The simple format is {\"model\": {\"input\": 3.00, \"output\": 15.00}}, USD per 1M "
      "tokens.");
}

}  // namespace itemized::cli
