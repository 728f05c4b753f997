// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sections of a bill, each made of the answer to one question, and what they share.

#include <string>

#include "absl/strings/string_view.h"

#include "client/cli/changes.h"
#include "client/cli/report/document.h"

namespace itemized::cli {

ReportSection StepsSection(const Bill& bill);
ReportSection TimeSection(const Bill& bill, absl::TimeZone zone);
ReportSection ModelsSection(const Bill& bill);
ReportSection WorkflowsSection(const Bill& bill);
ReportSection WasteSection(const Bill& bill);
ReportSection ChangeSection(const Bill& bill, absl::TimeZone zone);
ReportSection OutliersSection(const Bill& bill, absl::TimeZone zone);
ReportSection AdviceSection(const Bill& bill, absl::string_view command_suffix);
ReportSection MissingRatesSection(const Bill& bill);

// Returns a name as people read it, "(none)" for "", with itself as the value.
ReportCell NameOf(const std::string& name);
ReportCell MoneyOf(const std::string& usd, Tone tone = Tone::kPlain);
ReportCell CountOf(int64_t count);
ReportCell SharePercent(double share);

// Returns "+$1.20", red if it is more, green if it is less.
ReportCell ChangeOf(const std::string& usd);

// Returns "1 row", "12 rows".
std::string Counted(int64_t count, absl::string_view noun);

// Adds a note about rows that the limit has cut, if there are any.
void NoteOmitted(int64_t omitted, ReportSection* section);

}  // namespace itemized::cli
