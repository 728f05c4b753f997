// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the commands that ask about a window have in common.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "itemized/v1/query.pb.h"
#include "proto/text/window.h"

#include "client/cli/session.h"
#include "client/cli/table.h"

namespace itemized::cli {

struct QueryWindow {
  absl::TimeZone zone = absl::UTCTimeZone();
  pb::WindowSpec spec;
};

// Reads the options of a window. Without any it is the last 30 days, or all that files tell of.
// INVALID_ARGUMENT, with a sentence about the options, if they are wrong.
absl::StatusOr<QueryWindow> ResolveWindow(const text::WindowArguments& arguments,
                                          const Session& session);

// Gives a window that ends now its instants, if the session is about files: now is their end.
void EndWithFiles(const Session& session, pb::WindowSpec* spec);

// Returns the instant that --as-known-at names; 0 without it. INVALID_ARGUMENT as above.
absl::StatusOr<int64_t> KnownAt(const text::WindowArguments& arguments, absl::TimeZone zone);

// Prints "Spend by step, 2026-10-02 00:00 to 2026-11-01 00:00 UTC".
void PrintTitle(absl::string_view title, const pb::Window& window, absl::TimeZone zone,
                Session& session);

// Prints what to do when a window holds nothing.
void PrintNothing(absl::string_view what, Session& session);

// Prints that there is nothing of `filter`, or which name in it is unknown, which is then the
// reason. Returns the exit status of the command.
int ExplainNothing(absl::string_view what, const pb::CallFilter& filter, Session& session);

// Prints how far earlier calls have been priced again.
void PrintRepricing(const pb::Repricing& repricing, Session& session);

// Prints how much of the bill can be trusted: "99.2% of 12,345 calls are priced. 98 are not: ...".
void PrintPricedShare(int64_t calls, int64_t unpriced_calls, Session& session);

// Prints why calls are not priced and what to do, which is the line after their number.
void PrintWhyUnpriced(Session& session);

// Prints a label of up to 11 columns, and a text in one column with those of other lines.
void PrintLine(absl::string_view label, absl::string_view text, Session& session);

// Returns how far a repricing has come: "19%".
std::string RepricingText(const pb::Repricing& repricing);

// Returns how much of the history a step has by which its calls can be judged: "learning 16 of 30".
std::string LearningText(int64_t sample_count);

// Return a cell that is empty if the figure is zero.
Cell CountCell(int64_t count, Style style = Style::kPlain);
Cell MoneyCell(absl::string_view usd, Style style = Style::kPlain);  // "" for "0" and "".

// Returns `name`, or "(none)" where it is empty.
Cell NameCell(absl::string_view name);

// Prints `response` as JSON if that was asked for; else by `print(response)`.
template <typename Response, typename Print>
int Answer(const absl::StatusOr<Response>& response, Session& session, const Print& print) {
  if (!response.ok()) {
    return Fail(session, response.status());
  }
  if (session.json) {
    return PrintJson(*response, session);
  }
  print(*response);
  if constexpr (requires { response->has_repricing(); }) {
    if (response->has_repricing()) {
      PrintRepricing(response->repricing(), session);
    }
  }
  return kExitDone;
}

}  // namespace itemized::cli
