// SPDX-License-Identifier: Apache-2.0
#include "client/cli/reprice_arguments.h"

namespace itemized::cli {

namespace {

constexpr char kRepriceFooter[] =
    "A rate that is set or imported prices calls that have no price. Calls that have one keep it\n"
    "until they are priced again by this command, which can be undone.\n"
    "Examples:\n"
    "  itemize rates reprice --from 2026-11-01 --model claude-sonnet-4-6 --dry-run\n"
    "  itemize rates reprice --from 2026-11-01 --model claude-sonnet-4-6\n"
    "  itemize rates reprice --undo 1234";

constexpr char kRederiveFooter[] =
    "The server keeps the numbers of what a provider reported (usage_reported). If a newer "
    "release\n"
    "reads them better, this command reads those of earlier calls again. Calls whose usage "
    "changes\n"
    "are priced by the rate book; others keep their cost. It can be undone.\n"
    "Examples:\n"
    "  itemize usage rederive --from 2026-11-01 --provider google --dry-run\n"
    "  itemize usage rederive --from 2026-11-01 --provider google\n"
    "  itemize usage rederive --undo 1234";

}  // namespace

void AddRepriceOptions(CLI::App& app, RepriceArguments& arguments, JobOptions whose) {
  CLI::Option* from = app.add_option("--from", arguments.from,
                                     "Calls that ended from then on: RFC 3339 or a date (all)");
  CLI::Option* to = app.add_option("--to", arguments.to, "End, exclusive (now)");
  from->type_name("TIME");
  to->type_name("TIME");
  app.add_option("--tz", arguments.tz, "Time zone of dates and of times shown (UTC)")
      ->type_name("ZONE");
  CLI::Option* model = app.add_option("--model", arguments.model, "Calls of this model alone");
  CLI::Option* provider =
      app.add_option("--provider", arguments.provider, "Calls of this provider alone");
  model->type_name("NAME");
  provider->type_name("NAME");
  CLI::Option* dry_run =
      app.add_flag("--dry-run", arguments.dry_run, "Say what would change, and change nothing");
  app.add_flag("--background", arguments.background, "Do not wait for the end")->excludes(dry_run);
  CLI::Option* undo =
      app.add_option("--undo", arguments.undo, "Take back what the one of this number has changed");
  undo->type_name("ID");
  CLI::Option* list = app.add_flag("--list", arguments.list, "List those that there were");
  for (CLI::Option* option : {from, to, model, provider, dry_run}) {
    option->excludes(undo)->excludes(list);
  }
  undo->excludes(list);
  app.footer(whose == JobOptions::kReprice ? kRepriceFooter : kRederiveFooter);
}

}  // namespace itemized::cli
