// SPDX-License-Identifier: Apache-2.0
#include "proto/text/json.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "google/protobuf/message.h"

#include "client/cli/report/forms.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {

absl::StatusOr<std::string> ToJson(const Bill& bill, const DocumentOptions& options) {
  std::vector<std::pair<const char*, const google::protobuf::Message*>> answers = {
      {"steps", &bill.steps},         {"models", &bill.models}, {"series", &bill.series},
      {"workflows", &bill.workflows}, {"wasted", &bill.wasted}, {"change", &bill.change},
      {"outliers", &bill.outliers},   {"advice", &bill.advice}};
  if (bill.steps.total().unpriced_calls() > 0) {
    answers.emplace_back("missing_rates", &bill.missing_rates);
  }
  std::string json = absl::StrCat(
      "{\n \"source\": ", text::JsonString(options.source),
      ",\n \"made_at\": ", text::JsonString(options.made_at), ",\n \"compared_with\": ",
      bill.compared_with == ComparedWith::kFirstHalf ? "\"first_half\"" : "\"window_before\"",
      ",\n \"events_came_in_meanwhile\": ", bill.is_moving ? "true" : "false");
  for (const auto& [name, answer] : answers) {
    ASSIGN_OR_RETURN(const std::string written, text::ToJson(*answer, text::JsonLayout::kIndented));
    absl::StrAppend(&json, ",\n \"", name,
                    "\": ", absl::StrReplaceAll(absl::StripSuffix(written, "\n"), {{"\n", "\n "}}));
  }
  return json + "\n}\n";
}

}  // namespace itemized::cli
