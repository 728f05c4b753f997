// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the commands that print rows have in common.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "proto/text/question.h"

#include "client/cli/arguments.h"
#include "client/cli/query.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {

// Returns how many rows to ask for: --limit, else `on_terminal` for people who read a terminal, and
// all for others.
inline int32_t LimitFor(const QueryArguments& arguments, int32_t on_terminal,
                        const Session& session) {
  const bool is_read_by_people = session.env.out_is_terminal && !session.json;
  return arguments.limit.value_or(is_read_by_people ? on_terminal : 0);
}

// Reads the options of a ranking, such as GetTopRequest, into `*request`, and the time zone into
// `*zone`. INVALID_ARGUMENT with a sentence about the options.
template <typename Request>
absl::Status ReadRanking(const QueryArguments& arguments, int32_t on_terminal,
                         const Session& session, Request* request, absl::TimeZone* zone) {
  pb::GroupBy by = pb::GROUP_BY_UNSPECIFIED;
  if (!text::ParseGroupBy(arguments.by, &by, request->mutable_attribute_key())) {
    return absl::InvalidArgumentError(
        absl::StrCat("--by must be step, model, workflow, provider or attribute:KEY, but is \"",
                     arguments.by, "\"."));
  }
  ASSIGN_OR_RETURN(const QueryWindow window, ResolveWindow(arguments.window, session));
  request->set_by(by);
  *request->mutable_filter() = arguments.filter;
  *request->mutable_window() = window.spec;
  request->set_limit(LimitFor(arguments, on_terminal, session));
  *zone = window.zone;
  return absl::OkStatus();
}

// Returns the head of the column of what `request`, a ranking, is by: "STEP", or the attribute's.
template <typename Request>
std::string KeyHeader(const Request& request) {
  const std::string key = request.by() == pb::GROUP_BY_ATTRIBUTE
                              ? request.attribute_key()
                              : pb::GroupBy_Name(request.by()).substr(sizeof("GROUP_BY_") - 1);
  return absl::AsciiStrToUpper(key);
}

}  // namespace itemized::cli
