// SPDX-License-Identifier: Apache-2.0
#include "client/cli/query.h"

#include "absl/strings/str_cat.h"

#include "client/cli/format.h"
#include "client/cli/text.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {

absl::StatusOr<QueryWindow> ResolveWindow(const text::WindowArguments& arguments,
                                          const Session& session) {
  QueryWindow window;
  ASSIGN_OR_RETURN(window.zone, text::FindZone(arguments.tz));
  ASSIGN_OR_RETURN(window.spec,
                   text::ToWindowSpec(arguments, window.zone, session.env.clock->NowUs()));
  return window;
}

void PrintTitle(absl::string_view title, const pb::Window& window, absl::TimeZone zone,
                Session& session) {
  *session.env.out << Styled(Printable(title), Style::kBold, session.env.canvas) << ", "
                   << Printable(WindowText(window, zone)) << "\n\n";
}

void PrintNothing(absl::string_view what, Session& session) {
  *session.env.out << "No " << what << " in this window.\n"
                   << "Send some: `itemize import FILE`, or a client library.\n"
                   << "Or look further back: --window 90d.\n";
}

void PrintPricedShare(int64_t calls, int64_t unpriced_calls, Session& session) {
  std::ostream& out = *session.env.out;
  if (unpriced_calls == 0) {
    out << "All " << Count(calls) << " call" << PluralS(calls) << " priced.\n";
    return;
  }
  const double share =
      calls == 0 ? 0 : static_cast<double>(calls - unpriced_calls) / static_cast<double>(calls);
  out << Styled(absl::StrCat(Percent(share), " of ", Count(calls), " call", PluralS(calls),
                             " priced; ", Count(unpriced_calls), " not, and not in the sums."),
                Style::kYellow, session.env.canvas)
      << "\n";
  PrintWhyUnpriced(session);
}

void PrintWhyUnpriced(Session& session) {
  *session.env.out << "They reported no usage, or their model has no rate: `itemize rates list` "
                      "names such models, `itemize rates set` prices them.\n";
}

Cell CountCell(int64_t count, Style style) {
  return {count == 0 ? "" : Count(count), style};
}

Cell MoneyCell(absl::string_view usd, Style style) {
  return {usd.empty() || usd == "0" ? "" : MoneyText(usd), style};
}

Cell NameCell(absl::string_view name) {
  return name.empty() ? Cell("(none)", Style::kDim) : Cell(std::string(name));
}

}  // namespace itemized::cli
