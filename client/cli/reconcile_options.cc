// SPDX-License-Identifier: Apache-2.0
#include "client/cli/reconcile_options.h"

namespace itemized::cli {

void AddReconcileOptions(CLI::App& app, ReconcileArguments& arguments) {
  app.add_option("FILE", arguments.files, "Exports, JSON or NDJSON; - is standard input")
      ->required()
      ->type_name(" ")
      ->expected(1, CLI::detail::expected_max_vector_size);
  app.add_option("--format", arguments.format,
                 "anthropic-usage, anthropic-cost, openai-usage, openai-costs or litellm-spend "
                 "(what the content tells)")
      ->type_name("FORMAT");
  app.add_option("--provider", arguments.provider,
                 "Only calls of this provider (that of the export)")
      ->type_name("NAME");
  app.add_option("--from", arguments.from, "Start: RFC 3339 or a date (that of the export)")
      ->type_name("TIME");
  app.add_option("--to", arguments.to, "End, exclusive (that of the export)")->type_name("TIME");
  app.add_option("--tolerance", arguments.tolerance, "How far figures may differ (1%)")
      ->type_name("PERCENT");
  app.footer(
      "By model and day in UTC. Exit status 1: not all is within the tolerance.\n"
      "Example: itemize reconcile anthropic-cost-*.json");
}

}  // namespace itemized::cli
