// SPDX-License-Identifier: Apache-2.0
#include "client/cli/help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace itemized::cli {

const char kNativeFormatHelp[] =
    "The native format is one JSON object a line: a call, or with \"outcome\" the end of a "
    "run.\n"
    "  {\"event_id\":\"c-1\",\"time\":\"2026-11-01T00:00:00.123Z\",\"workflow_id\":\"run-1\",\n"
    "   \"workflow\":\"support_ticket\",\"step\":\"planning\",\"provider\":\"anthropic\",\n"
    "   "
    "\"model\":\"claude-sonnet-4-6\",\"usage\":{\"input_tokens\":8400,\"output_tokens\":620},\n"
    "   \"duration_ms\":812.5,\"status\":\"ok\",\"attributes\":{\"tenant\":\"acme\"}}\n"
    "  "
    "{\"time\":\"2026-11-01T00:01:00Z\",\"workflow_id\":\"run-1\",\"outcome\":\"completed\",\n"
    "   \"unused_steps\":[\"doc_synthesis\"]}\n"
    "(Each on one line.) Instead of \"usage\", \"usage_reported\" takes what the provider "
    "answered:\n"
    "its usage object, the response, or the pieces of a stream in an array, as they stand.\n"
    "Importing a file twice counts nothing twice.\n"
    "A refused line costs only itself: it is named with what to mend, the rest is stored.";

namespace {

// What is explained, and how.
using Entry = std::pair<std::string, std::string>;

std::string Section(absl::string_view title, const std::vector<Entry>& entries) {
  if (entries.empty()) {
    return "";
  }
  size_t width = 0;
  for (const Entry& entry : entries) {
    width = std::max(width, entry.first.size());
  }
  std::string text = absl::StrCat("\n", title, ":\n");
  for (const auto& [term, meaning] : entries) {
    absl::StrAppend(&text, "  ", term, std::string(width - term.size() + 2, ' '), meaning, "\n");
  }
  return text;
}

std::string Usage(const CLI::App& app, const std::string& name) {
  std::string usage = absl::StrCat("Usage: ", name);
  if (!app.get_subcommands({}).empty()) {
    return usage + " [OPTION...] COMMAND\n";
  }
  usage += " [OPTION...]";
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      const bool many = option->get_expected_max() > 1;
      const std::string argument = absl::StrCat(option->get_name(true), many ? "..." : "");
      absl::StrAppend(&usage, " ",
                      option->get_required() ? argument : absl::StrCat("[", argument, "]"));
    }
  }
  return usage + "\n";
}

std::vector<Entry> OptionsOf(const CLI::App& app, const std::string& group) {
  std::vector<Entry> entries;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional() && option->get_group() == group) {
      const std::string value =
          option->get_type_size() == 0 ? "" : absl::StrCat(" ", option->get_type_name());
      entries.emplace_back(absl::StrCat(option->get_name(false, true), value),
                           option->get_description());
    }
  }
  return entries;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode) const {
  std::vector<Entry> arguments;
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional()) {
      arguments.emplace_back(option->get_name(true), option->get_description());
    }
  }
  std::vector<Entry> commands;
  for (const CLI::App* command : app->get_subcommands({})) {
    commands.emplace_back(command->get_name(), command->get_description());
  }
  std::string help = absl::StrCat(app->get_description(), "\n\n", Usage(*app, name),
                                  Section("Arguments", arguments), Section("Commands", commands));
  std::vector<std::string> groups = app->get_groups();
  std::stable_partition(groups.begin(), groups.end(),
                        [](const std::string& group) { return group != kCommonOptions; });
  for (const std::string& group : groups) {
    absl::StrAppend(&help, Section(group, OptionsOf(*app, group)));
  }
  const std::string footer = app->get_footer();
  return footer.empty() ? help : absl::StrCat(help, "\n", footer, "\n");
}

}  // namespace itemized::cli
