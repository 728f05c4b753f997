// SPDX-License-Identifier: Apache-2.0
#pragma once

// The forms that a bill has.

#include <string>

#include "absl/status/statusor.h"

#include "client/cli/report/bill.h"
#include "client/cli/report/document.h"

namespace itemized::cli {

// Returns a page that needs no other file and no network, and prints well.
std::string ToHtml(const ReportDocument& document);

// Returns Markdown with tables, as GitHub renders them.
std::string ToMarkdown(const ReportDocument& document);

// Returns a line for each figure (RFC 4180): section, key, detail, measure, value. Values are
// exact. Lines end in CR LF.
std::string ToCsv(const ReportDocument& document);

// Returns an object of all answers: "steps", "models", "series", "workflows", "wasted", "change",
// "outliers", "advice", and "missing_rates" if there are any. Each is the one that its command
// prints with --json. OUT_OF_RANGE as text::ToJson.
absl::StatusOr<std::string> ToJson(const Bill& bill, const DocumentOptions& options);

}  // namespace itemized::cli
