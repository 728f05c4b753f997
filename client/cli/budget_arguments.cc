// SPDX-License-Identifier: Apache-2.0
#include "client/cli/budget_arguments.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "client/cli/filter_options.h"

namespace itemized::cli {
namespace {

void AddName(CLI::App& app, BudgetArguments& arguments) {
  app.add_option("NAME", arguments.name, "The budget")->required()->type_name(" ");
}

void AddScope(CLI::App& app, const std::string& name, std::optional<std::string>& value) {
  app.add_option("--" + name, value, "Only what calls of this " + name + " cost")
      ->type_name("NAME");
}

// Reads "50,80,100", with or without signs of percent.
void ReadThresholds(const std::string& text, std::vector<int32_t>& thresholds) {
  thresholds.clear();
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripSuffix(absl::StripAsciiWhitespace(part), "%");
    int32_t percent = 0;
    if (!absl::SimpleAtoi(part, &percent)) {
      throw CLI::ValidationError("--at", MustBe("percents such as 50,80,100", text));
    }
    thresholds.push_back(percent);
  }
}

}  // namespace

void AddBudgetsSetOptions(CLI::App& app, BudgetArguments& arguments) {
  AddName(app, arguments);
  app.add_option("--amount", arguments.amount, "USD for each day or month")
      ->required()
      ->type_name("USD");
  app.add_option("--per", arguments.per, "day or month (month)")
      ->type_name("day|month")
      ->check([](const std::string& text) {
        return text == "day" || text == "month" ? "" : MustBe("day or month", text);
      });
  AddScope(app, "step", arguments.step);
  AddScope(app, "workflow", arguments.workflow);
  AddScope(app, "model", arguments.model);
  AddScope(app, "provider", arguments.provider);
  app.add_option("--attribute", arguments.attribute, "Only what calls with this attribute cost")
      ->type_name("KEY=VALUE")
      ->check([](const std::string& text) {
        const size_t equals = text.find('=');
        return equals != std::string::npos && equals > 0 && equals + 1 < text.size()
                   ? ""
                   : MustBe("KEY=VALUE", text);
      });
  app.add_option_function<std::string>(
         "--at", [&arguments](const std::string& text) { ReadThresholds(text, arguments.at); },
         "Percents of the amount that are told (50,80,100)")
      ->type_name("PERCENTS");
  app.add_option("--tz", arguments.tz, "Zone whose days and months count (UTC)")->type_name("ZONE");
  app.add_option("--webhook", arguments.webhook,
                 "Address that each crossing is posted to; the server has to allow its host")
      ->type_name("URL");
  app.footer(
      "A budget of that name is changed. Nothing is refused beyond a budget: it is told, here, by\n"
      "`itemize watch` and by the webhook.\n"
      "Examples:\n"
      "  itemize budgets set all --amount 100 --per month --tz Europe/Berlin\n"
      "  itemize budgets set acme --amount 5 --per day --attribute tenant=acme --at 80,100");
}

void AddBudgetsRemoveOptions(CLI::App& app, BudgetArguments& arguments) {
  AddName(app, arguments);
}

void AddWatchOptions(CLI::App& app, BudgetArguments& arguments) {
  app.add_option("--step", arguments.step, "Only outliers of this step, and its own budgets")
      ->type_name("NAME");
  app.footer("A line for each, until Ctrl-C; with --json an object on each line.");
}

}  // namespace itemized::cli
