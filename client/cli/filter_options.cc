// SPDX-License-Identifier: Apache-2.0
#include "client/cli/filter_options.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/text/question.h"

namespace itemized::cli {
namespace {

void AddName(CLI::App& app, const std::string& name,
             const std::function<void(const std::string&)>& set) {
  app.add_option_function<std::string>("--" + name, set, absl::StrCat("Only calls of this ", name))
      ->type_name("NAME");
}

void AddAttributes(const std::vector<std::string>& attributes, v1::CallFilter& filter) {
  for (const std::string& attribute : attributes) {
    const absl::Status status = text::AddAttribute(attribute, &filter);
    if (!status.ok()) {
      throw CLI::ValidationError("--" + std::string(status.message()));
    }
  }
}

}  // namespace

void AddFilterOptions(CLI::App& app, v1::CallFilter& filter) {
  AddName(app, "step", [&filter](const std::string& name) { filter.set_step(name); });
  AddName(app, "model", [&filter](const std::string& name) { filter.set_model(name); });
  AddName(app, "workflow", [&filter](const std::string& name) { filter.set_workflow(name); });
  AddName(app, "provider", [&filter](const std::string& name) { filter.set_provider(name); });
  app.add_option_function<std::vector<std::string>>(
         "--attribute",
         [&filter](const std::vector<std::string>& values) { AddAttributes(values, filter); },
         "Only calls with this attribute; may come several times")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
}

void AddEveryOption(CLI::App& app, std::string& every) {
  app.add_option("--every", every, "Bucket (1d)")
      ->type_name("1h|1d")
      ->check([](const std::string& text) {
        return text == "1h" || text == "1d" ? "" : MustBe("1h or 1d", text);
      });
}

void AddSortOption(CLI::App& app, std::string& sort) {
  app.add_option("--sort", sort,
                 "newest, or cost: the dearest of the window, and what all of them cost beyond "
                 "their thresholds (newest)")
      ->type_name("newest|cost")
      ->check([](const std::string& text) {
        return text == "newest" || text == "cost" ? "" : MustBe("newest or cost", text);
      });
}

void AddExplainOptions(CLI::App& app, QueryArguments& query) {
  app.add_option("EVENT_ID", query.event_id, "The call")->required()->type_name(" ");
  app.add_option("--run", query.workflow_id, "Its run; else the whole log is searched")
      ->type_name("WORKFLOW_ID");
}

void AddLimitOption(CLI::App& app, const char* help, std::optional<int32_t>& limit) {
  app.add_option("--limit", limit, help)->type_name("N")->check([](const std::string& text) {
    int32_t rows = -1;
    const bool valid = absl::SimpleAtoi(text, &rows) && rows >= 0;
    return valid ? "" : MustBe("a whole number from 0 up", text);
  });
}

std::string MustBe(absl::string_view wanted, const std::string& text) {
  return absl::StrCat("must be ", wanted, ", but is \"", text, "\"");
}

}  // namespace itemized::cli
