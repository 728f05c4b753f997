// SPDX-License-Identifier: Apache-2.0
#include "server/http/question_parameters.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "proto/text/question.h"

#include "server/convert/query_requests.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::server {

namespace pb = itemized::v1;

text::WindowArguments TakeWindowArguments(Parameters& parameters) {
  return {.window = parameters.Take("window"),
          .from = parameters.Take("from"),
          .to = parameters.Take("to"),
          .tz = parameters.Take("tz"),
          .as_known_at = parameters.Take("as_known_at")};
}

absl::Status TakeWindow(Parameters& parameters, int64_t now_us, pb::WindowSpec* window,
                        std::string* zone_name) {
  const text::WindowArguments arguments = TakeWindowArguments(parameters);
  ASSIGN_OR_RETURN(const absl::TimeZone zone, ToTimeZone(arguments.tz));
  ASSIGN_OR_RETURN(*window, text::ToWindowSpec(arguments, zone, now_us, ""));
  if (zone_name != nullptr) {
    *zone_name = arguments.tz;
  }
  return absl::OkStatus();
}

absl::Status TakeFilter(Parameters& parameters, pb::CallFilter* filter) {
  if (parameters.Has("step")) {
    filter->set_step(parameters.Take("step"));
  }
  if (parameters.Has("model")) {
    filter->set_model(parameters.Take("model"));
  }
  if (parameters.Has("workflow")) {
    filter->set_workflow(parameters.Take("workflow"));
  }
  if (parameters.Has("provider")) {
    filter->set_provider(parameters.Take("provider"));
  }
  for (const std::string& attribute : parameters.TakeAll("attribute")) {
    RETURN_IF_ERROR(text::AddAttribute(attribute, filter));
  }
  return absl::OkStatus();
}

absl::StatusOr<int32_t> TakeLimit(Parameters& parameters) {
  return parameters.TakeNumber("limit", std::numeric_limits<int32_t>::max());
}

absl::Status TakeGroup(Parameters& parameters, pb::GroupBy* by, std::string* attribute_key) {
  if (!parameters.Has("by")) {
    return absl::OkStatus();
  }
  const std::string text = parameters.Take("by");
  if (!text::ParseGroupBy(text, by, attribute_key)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The parameter by must be step, model, workflow, provider or attribute:KEY, but is ",
        Quoted(text), "."));
  }
  return absl::OkStatus();
}

}  // namespace itemized::server
