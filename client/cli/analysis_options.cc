// SPDX-License-Identifier: Apache-2.0
#include "client/cli/analysis_options.h"

namespace itemized::cli {

void AddCompareOptions(CLI::App& app, QueryArguments& query) {
  CLI::Option* const before =
      app.add_option("A", query.before, "The side before: FROM..TO, or KEY=VALUE")->type_name(" ");
  app.add_option("B", query.after, "The side after, of the same form")
      ->type_name(" ")
      ->needs(before);
  before->needs(app.get_option("B"));
  app.add_option("--by", query.by, "step, model, workflow or provider (step)")->type_name("WHAT");
  app.footer(
      "Without A and B, the window is compared with the one of the same length before it.\n"
      "KEY is an attribute, or step, model, workflow or provider.\n"
      "Examples:\n"
      "  itemize compare --window 7d\n"
      "  itemize compare 2026-10-01..2026-11-01 2026-11-01..2026-12-01\n"
      "  itemize compare release=41 release=42 --window 14d");
}

void AddWastedOptions(CLI::App& app, QueryArguments& query) {
  app.add_option("--by", query.by, "step, model, workflow, provider or attribute:KEY (step)")
      ->type_name("WHAT");
  app.footer(
      "A call is wasted if its run did not use what its step made, failed, was abandoned or was\n"
      "cut short; if it failed itself, retried or not; or if its run had sent a prompt of as many\n"
      "tokens to the same step and model within the hour before. The first reason counts.");
}

}  // namespace itemized::cli
