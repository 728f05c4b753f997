// SPDX-License-Identifier: Apache-2.0
#include "client/cli/arguments.h"

#include <memory>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

#include "client/cli/address.h"
#include "client/cli/analysis_options.h"
#include "client/cli/filter_options.h"
#include "client/cli/help.h"
#include "client/cli/rate_terms.h"
#include "client/cli/rates_options.h"
#include "client/cli/reconcile_options.h"
#include "client/cli/session.h"
#include "client/cli/usage_error.h"
#include "client/cli/version.h"

namespace itemized::cli {
namespace {

// Declares all commands on a CLI::App; parsing fills `arguments`.
class Declaration {
 public:
  explicit Declaration(Arguments& arguments) : arguments_(arguments) {
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.set_help_flag("-h,--help", "Show this help");
    app_.set_version_flag("--version", absl::StrCat("itemize ", kVersion, "\n"),
                          "Show the version");
    app_.require_subcommand(1, 1);
    AddCommonOptions(app_);
    DeclareImport();
    DeclareTop();
    DeclareWorkflows();
    DeclareShow();
    DeclareExplain();
    DeclareSeries();
    DeclareOutliers();
    DeclareAnalyses();
    DeclareWhatIf();
    DeclareReport();
    DeclareRates();
    DeclareUsage();
    DeclareReconcile();
    DeclareBudgets();
    DeclareCommand(app_, "info", "What the server is and holds", Command::kInfo);
    DeclareVerify();
    DeclareBackup();
    // This lists the command; ParseArguments makes `help X` out of `X --help` before.
    app_.add_subcommand("help", "Show what a command does: itemize help top");
  }

  CLI::App& app() { return app_; }

 private:
  void AddCommonOptions(CLI::App& app) {
    app.add_option("--server", arguments_.server,
                   "Address of the server; else ITEMIZED_SERVER, else 127.0.0.1:4317")
        ->type_name("HOST:PORT")
        ->group(kCommonOptions);
    app.add_flag("--json", arguments_.json, "Print JSON, exact and stable, for scripts")
        ->group(kCommonOptions);
  }

  CLI::App& DeclareCommand(CLI::App& parent, const char* name, const char* help, Command command) {
    CLI::App& app = *parent.add_subcommand(name, help);
    AddCommonOptions(app);
    const std::string full_name =
        absl::StrCat(&parent == &app_ ? "" : "itemize ", parent.get_name(), " ", name);
    app.preparse_callback([this, full_name](size_t) { arguments_.name = full_name; });
    app.callback([this, command] { arguments_.command = command; });
    return app;
  }

  void AddWindow(CLI::App& app) {
    text::WindowArguments& window = arguments_.query.window;
    app.add_option("--window", window.window, "Length of the window that ends now (30d)")
        ->type_name("30d|24h|4w");
    app.add_option("--from", window.from, "Start: RFC 3339 or a date; instead of --window")
        ->type_name("TIME");
    app.add_option("--to", window.to, "End, exclusive (now)")->type_name("TIME");
    AddZone(app, window.tz);
    AddKnownAt(app);
    AddFromFileOptions(app, arguments_.from_file);
  }

  void AddKnownAt(CLI::App& app) {
    app.add_option("--as-known-at", arguments_.query.window.as_known_at,
                   "Answer as it was given then, without what came later")
        ->type_name("TIME");
  }

  void AddLimit(CLI::App& app, const char* help) {
    AddLimitOption(app, help, arguments_.query.limit);
  }

  void DeclareVerify() {
    DeclareCommand(app_, "verify", "Fold the whole log again and compare it with the views",
                   Command::kVerify)
        .footer("The server goes on meanwhile. Exit status 1: there are differences.");
  }

  void DeclareBackup() {
    CLI::App& app =
        DeclareCommand(app_, "backup", "Copy the store while it is in use", Command::kBackup);
    app.add_option("NAME", arguments_.backup_directory,
                   "New directory below the server's --backup-dir, for a server to be started on")
        ->required()
        ->type_name(" ");
    app.footer(
        "The copy is opened and compared before it counts. On the same disk it shares most files\n"
        "with the store; copy it to another one to survive the loss of the first.");
  }

  void DeclareImport() {
    CLI::App& app = DeclareCommand(app_, "import", "Stream calls and completions in from files",
                                   Command::kImport);
    app.add_option("FILE", arguments_.import.files, "Files to read; - is standard input")
        ->required()
        ->type_name(" ")
        ->expected(1, CLI::detail::expected_max_vector_size);
    app.add_option("--format", arguments_.import.format, "What the files are in (native)")
        ->type_name("native");
    app.add_flag("--all-refusals", arguments_.import.all_refusals,
                 "List every refused line, not only the first 20 (10,000 with --json)");
    app.footer(kNativeFormatHelp);
  }

  void DeclareTop() {
    CLI::App& app =
        DeclareCommand(app_, "top", "Rank steps, models or workflows by spend", Command::kTop);
    app.add_option("--by", arguments_.query.by,
                   "step, model, workflow, provider or attribute:KEY (step)")
        ->type_name("WHAT");
    AddFilterOptions(app, arguments_.query.filter);
    AddWindow(app);
    AddLimit(app, "Rows at most; 0 is all (40 on a terminal, else 0)");
    app.footer(
        "Examples:\n"
        "  itemize top --window 7d\n"
        "  itemize top --by attribute:tenant --from 2026-11-01 --to 2026-12-01 --tz Europe/Berlin");
  }

  void DeclareWorkflows() {
    AddWindow(DeclareCommand(app_, "workflows", "What a completed run of each workflow costs",
                             Command::kWorkflows));
  }

  void DeclareShow() {
    CLI::App& app =
        DeclareCommand(app_, "show", "List the calls of one run in time order", Command::kShow);
    app.add_option("WORKFLOW_ID", arguments_.query.workflow_id, "The run")
        ->required()
        ->type_name(" ");
    AddLimit(app, "Calls at most; 0 is all (1000, with --json all)");
    AddKnownAt(app);
    app.add_flag("--spans", arguments_.query.spans,
                 "The tree of OpenTelemetry's spans that the calls came as, and what was merged")
        ->excludes(app.get_option("--limit"))
        ->excludes(app.get_option("--as-known-at"));
    AddZone(app, arguments_.query.window.tz);
    AddFromFileOptions(app, arguments_.from_file);
  }

  void DeclareExplain() {
    CLI::App& app =
        DeclareCommand(app_, "explain", "How the cost of one call comes about", Command::kExplain);
    AddExplainOptions(app, arguments_.query);
    AddFromFileOptions(app, arguments_.from_file);
  }

  void DeclareSeries() {
    CLI::App& app = DeclareCommand(app_, "series", "Spend over time", Command::kSeries);
    AddFilterOptions(app, arguments_.query.filter);
    AddEveryOption(app, arguments_.query.every);
    AddWindow(app);
  }

  void DeclareOutliers() {
    CLI::App& app = DeclareCommand(app_, "outliers",
                                   "Calls over five times their step's usual cost, with receipts",
                                   Command::kOutliers);
    AddFilterOptions(app, arguments_.query.filter);
    AddWindow(app);
    AddLimit(app, "Calls at most; 0 is 100 (100)");
    AddSortOption(app, arguments_.query.sort);
  }

  // Declares `compare`, `wasted` and `advise`.
  void DeclareAnalyses() {
    const auto declare = [this](const char* name, const char* help, Command command) -> CLI::App& {
      CLI::App& app = DeclareCommand(app_, name, help, command);
      AddFilterOptions(app, arguments_.query.filter);
      AddWindow(app);
      AddLimit(app, "Rows at most; 0 is all (20 on a terminal, else 0)");
      return app;
    };
    AddCompareOptions(
        declare("compare", "Why spend changed, step by step and by cause", Command::kCompare),
        arguments_.query);
    AddWastedOptions(
        declare("wasted", "Spend on output that no user got, by reason", Command::kWasted),
        arguments_.query);
    declare("advise", "Which changes are worth a test, by what they would save", Command::kAdvise);
  }

  void DeclareWhatIf() {
    CLI::App& app = DeclareCommand(app_, "what-if",
                                   "What changes to steps would have saved, one after the other",
                                   Command::kWhatIf);
    AddWhatIfOptions(app, arguments_.what_if);
    AddWindow(app);
  }

  void DeclareReport() {
    CLI::App& app =
        DeclareCommand(app_, "report", "The whole bill in one file: a page, Markdown, CSV or JSON",
                       Command::kReport);
    AddReportOptions(app, arguments_.report);
    AddWindow(app);
    AddLimit(app, "Rows of each list at most; 0 is all (25, csv and json all)");
  }

  void DeclareRates() {
    CLI::App& rates = *app_.add_subcommand("rates", "The rate book: what tokens cost");
    rates.require_subcommand(1, 1);
    rates.name("rates");
    rates.preparse_callback([this](size_t) { arguments_.name = "itemize rates"; });
    AddCommonOptions(rates);
    CLI::App& list = DeclareCommand(rates, "list", "List the rates, and models without one",
                                    Command::kRatesList);
    list.add_flag("--bundled", arguments_.rates.bundled,
                  "List those that came with the server, too");
    list.add_flag("--history", arguments_.rates.history,
                  "List those that were in the book earlier, too");
    AddKnownAt(list);
    AddZone(list, arguments_.query.window.tz);
    AddRatesSetOptions(
        DeclareCommand(rates, "set", "Set the rate of a model or of a family of them",
                       Command::kRatesSet),
        arguments_.rates);
    AddRatesRemoveOptions(
        DeclareCommand(rates, "remove", "Take a rate out of the book", Command::kRatesRemove),
        arguments_.rates);
    AddRatesImportOptions(
        DeclareCommand(rates, "import", "Read rates from a price list", Command::kRatesImport),
        arguments_.rates);
    AddRepriceOptions(
        DeclareCommand(rates, "reprice", "Price earlier calls again", Command::kRatesReprice),
        arguments_.reprice, JobOptions::kReprice);
    AddWindow(DeclareCommand(rates, "missing", "List models without a rate, by tokens",
                             Command::kRatesMissing));
    CLI::App& exchange = *rates.add_subcommand("exchange", "What other currencies cost in USD");
    AddCommonOptions(exchange);
    exchange.name("exchange");
    exchange.preparse_callback([this](size_t) { arguments_.name = "itemize rates exchange"; });
    DeclareExchange(
        exchange, arguments_.rates,
        [this](CLI::App& parent, const char* name, const char* help, Command command) -> CLI::App& {
          return DeclareCommand(parent, name, help, command);
        });
  }

  void DeclareUsage() {
    CLI::App& usage =
        *app_.add_subcommand("usage", "What providers reported as the usage of calls");
    usage.require_subcommand(1, 1);
    usage.name("usage");
    usage.preparse_callback([this](size_t) { arguments_.name = "itemize usage"; });
    AddCommonOptions(usage);
    AddRepriceOptions(DeclareCommand(usage, "rederive", "Read the reported usage of calls again",
                                     Command::kUsageRederive),
                      arguments_.reprice, JobOptions::kRederive);
  }

  void DeclareReconcile() {
    AddReconcileOptions(
        DeclareCommand(app_, "reconcile", "Compare the bill with a provider's own figures",
                       Command::kReconcile),
        arguments_.reconcile);
  }

  void DeclareBudgets() {
    CLI::App& budgets = *app_.add_subcommand("budgets", "What may be spent, and what has been");
    budgets.require_subcommand(1, 1);
    budgets.name("budgets");
    budgets.preparse_callback([this](size_t) { arguments_.name = "itemize budgets"; });
    AddCommonOptions(budgets);
    DeclareCommand(budgets, "list", "How the budgets stand", Command::kBudgetsList);
    AddBudgetsSetOptions(
        DeclareCommand(budgets, "set", "Make or change a budget", Command::kBudgetsSet),
        arguments_.budget);
    AddBudgetsRemoveOptions(
        DeclareCommand(budgets, "remove", "Take a budget away", Command::kBudgetsRemove),
        arguments_.budget);
    AddWatchOptions(DeclareCommand(app_, "watch", "Show outliers and crossed budgets as they come",
                                   Command::kWatch),
                    arguments_.budget);
  }

  Arguments& arguments_;
  CLI::App app_{"Ask an itemized server which agent step drives the bill.", "itemize"};
};

}  // namespace

std::variant<Arguments, int> ParseArguments(const std::vector<std::string>& given,
                                            Environment& env) {
  std::vector<std::string> words = given;
  Arguments arguments;
  arguments.name = "itemize";
  Declaration declaration(arguments);
  CLI::App& app = declaration.app();
  if (!words.empty() && words[0] == "help") {
    words.erase(words.begin());
    const CLI::App* asked = &app;
    for (const std::string& word : words) {
      const CLI::App* const command = FindCommand(*asked, word);
      if (command == nullptr) {
        return WrongUsage(env, UnknownCommand(*asked, word), arguments.name);
      }
      asked = command;
    }
    words.emplace_back("--help");
  }
  try {
    // The parser takes its words from the back.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForVersion& version) {
    *env.out << version.what();
    return kExitDone;
  } catch (const CLI::Success&) {
    *env.out << app.help();
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return WrongUsage(env, WhatIsWrong(app, error), arguments.name);
  }
  if (arguments.server.empty()) {
    arguments.server = env.server;
  }
  const absl::StatusOr<std::string> address = ServerAddress(arguments.server);
  if (!address.ok()) {
    return WrongUsage(env, address.status().message(), arguments.name);
  }
  arguments.server = *address;
  return arguments;
}

}  // namespace itemized::cli
