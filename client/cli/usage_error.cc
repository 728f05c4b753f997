// SPDX-License-Identifier: Apache-2.0
#include "client/cli/usage_error.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "client/cli/nearest.h"

namespace itemized::cli {
namespace {

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

// The deepest command that was named.
const CLI::App& Named(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : Named(*commands.back());
}

// A sentence made of what the parser of the command line says.
std::string Sentence(const CLI::ParseError& error) {
  std::string text = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return absl::StrCat(text.substr(0, text.find(':')), " needs a value.");
  }
  if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
    text = absl::StrReplaceAll(text, {{": must", " must"}});
  }
  if (!text.empty()) {
    text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  }
  return absl::EndsWith(text, ".") ? text : text + ".";
}

}  // namespace

std::string UnknownCommand(const CLI::App& app, const std::string& word) {
  return absl::StrCat("There is no command \"", word, "\".", DidYouMean(word, CommandsOf(app)),
                      " The commands are: ", absl::StrJoin(CommandsOf(app), ", "), ".");
}

const CLI::App* FindCommand(const CLI::App& app, const std::string& word) {
  const auto commands = app.get_subcommands({});
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const CLI::App* command) {
    return command->get_name() == word;
  });
  return found == commands.end() ? nullptr : *found;
}

std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& named = Named(app);
  const bool lacks_command = !named.get_subcommands({}).empty();
  const std::vector<std::string> rest = named.remaining(true);
  const auto word = std::find_if(rest.begin(), rest.end(), [&](const std::string& candidate) {
    return lacks_command != absl::StartsWith(candidate, "-");
  });
  if (word != rest.end() && lacks_command) {
    return UnknownCommand(named, *word);
  }
  if (lacks_command && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return absl::StrCat("Name a command: ", absl::StrJoin(CommandsOf(named), ", "), ".");
  }
  if (word != rest.end()) {
    return absl::StrCat("There is no option \"", *word, "\" here.",
                        DidYouMean(word->substr(0, word->find('=')), OptionsOf(named)));
  }
  if (!rest.empty()) {
    return absl::StrCat("\"", rest.front(), "\" is one argument too many.");
  }
  return Sentence(error);
}

}  // namespace itemized::cli
