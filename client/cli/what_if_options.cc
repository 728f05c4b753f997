// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>

#include "proto/text/change.h"
#include "proto/text/question.h"

#include "client/cli/what_if.h"

namespace itemized::cli {
namespace {

constexpr char kChanges[] = "Changes, applied in the order given";

struct ChangeOption {
  const char* kind;  // That of text::ParseChange, and the name of the option.
  const char* value;
  const char* help;
};

constexpr ChangeOption kOptions[] = {
    {"model", "STEP=MODEL", "Calls of the step go to another model; or STEP=PROVIDER/MODEL"},
    {"gate", "STEP[:skip=S,cost=USD,setup=USD]",
     "A gate before the step skips a share; else the share that was not used"},
    {"cap-input", "STEP=TOKENS", "Calls have so many input tokens at most"},
    {"cache", "STEP=SHARE", "So large a part of the input comes from the cache"},
    {"batch", "STEP", "Calls go to the provider's batch tier"},
    {"drop", "STEP", "The step is gone"},
};

// The parser tells of which options words were, in their order, and what each option got.
void ReadChanges(const CLI::App& app, std::vector<v1::StepChange>& changes) {
  changes.clear();
  std::map<std::string, size_t> read;
  for (const CLI::Option* const option : app.parse_order()) {
    const std::string& kind = option->get_lnames().empty() ? "" : option->get_lnames().front();
    if (option->get_group() != kChanges || read[kind] >= option->results().size()) {
      continue;
    }
    absl::StatusOr<v1::StepChange> change =
        text::ParseChange(kind, option->results()[read[kind]++]);
    if (!change.ok()) {
      throw CLI::ValidationError("--" + kind + ": " + std::string(change.status().message()));
    }
    changes.push_back(*std::move(change));
  }
}

void AddFilter(CLI::App& app, v1::CallFilter& filter) {
  app.add_option_function<std::string>(
         "--workflow", [&filter](const std::string& name) { filter.set_workflow(name); },
         "Only calls of this workflow")
      ->type_name("NAME");
  app.add_option_function<std::string>(
         "--provider", [&filter](const std::string& name) { filter.set_provider(name); },
         "Only calls of this provider")
      ->type_name("NAME");
  app.add_option_function<std::vector<std::string>>(
         "--attribute",
         [&filter](const std::vector<std::string>& values) {
           for (const std::string& value : values) {
             const absl::Status status = text::AddAttribute(value, &filter);
             if (!status.ok()) {
               throw CLI::ValidationError("--" + std::string(status.message()));
             }
           }
         },
         "Only calls with this attribute; may come several times")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
}

}  // namespace

void AddWhatIfOptions(CLI::App& app, WhatIfArguments& arguments) {
  for (const ChangeOption& option : kOptions) {
    app.add_option(std::string("--") + option.kind, option.help)
        ->type_name(option.value)
        ->group(kChanges)
        ->expected(1)
        ->take_all();
  }
  AddFilter(app, arguments.filter);
  app.parse_complete_callback([&app, &arguments] { ReadChanges(app, arguments.changes); });
  app.footer(
      "Each change works on what those before it left, so that no saving counts twice.\n"
      "Example: itemize what-if --gate doc_synthesis:skip=0.61,cost=0.00004 \\\n"
      "           --cap-input doc_synthesis=3200 --model planning=claude-haiku-4-5");
}

}  // namespace itemized::cli
