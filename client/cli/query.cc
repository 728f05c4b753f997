// SPDX-License-Identifier: Apache-2.0
#include "client/cli/query.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "client/cli/format.h"
#include "client/cli/text.h"
#include "client/cli/unknown_names.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {

absl::StatusOr<QueryWindow> ResolveWindow(const text::WindowArguments& arguments,
                                          const Session& session) {
  QueryWindow window;
  ASSIGN_OR_RETURN(window.zone, text::FindZone(arguments.tz));
  ASSIGN_OR_RETURN(window.spec, text::ToWindowSpec(arguments, window.zone, session.NowUs()));
  EndWithFiles(session, &window.spec);
  const bool is_default = arguments.window.empty() && arguments.from.empty();
  if (is_default && session.recorded.has_value()) {
    window.spec.set_start_unix_us(session.recorded->from_us);
  }
  return window;
}

void EndWithFiles(const Session& session, pb::WindowSpec* spec) {
  if (!session.recorded.has_value() || spec->last_us() == 0) {
    return;
  }
  spec->set_end_unix_us(session.recorded->to_us);
  spec->set_start_unix_us(session.recorded->to_us - spec->last_us());
  spec->clear_last_us();
}

absl::StatusOr<int64_t> KnownAt(const text::WindowArguments& arguments, absl::TimeZone zone) {
  return arguments.as_known_at.empty()
             ? absl::StatusOr<int64_t>(0)
             : text::ParseInstant("--as-known-at", arguments.as_known_at, zone);
}

void PrintTitle(absl::string_view title, const pb::Window& window, absl::TimeZone zone,
                Session& session) {
  *session.env.out << Styled(Printable(title), Style::kBold, session.env.canvas) << ", "
                   << Printable(WindowText(window, zone));
  if (!window.as_known_at().empty()) {
    *session.env.out << ", as known at " << Printable(TimeText(window.as_known_at(), zone));
  }
  *session.env.out << "\n\n";
}

int ExplainNothing(absl::string_view what, const pb::CallFilter& filter, Session& session) {
  const int exit_status = TellUnknownNames(filter, session);
  if (exit_status == kExitDone && !session.json) {
    PrintNothing(what, session);
  }
  return exit_status;
}

void PrintNothing(absl::string_view what, Session& session) {
  *session.env.out << "No " << what << " in this window.\n"
                   << "Send some: `itemize import FILE`, or a client library.\n"
                   << "Or look further back: --window 90d.\n";
}

void PrintLine(absl::string_view label, absl::string_view text, Session& session) {
  constexpr size_t kLabelWidth = 12;
  *session.env.out << label << std::string(kLabelWidth - std::min(kLabelWidth, label.size()), ' ')
                   << Printable(text) << "\n";
}

std::string RepricingText(const pb::Repricing& repricing) {
  const int64_t percent = repricing.calls() <= 0 ? 0 : repricing.done() * 100 / repricing.calls();
  return absl::StrCat(std::clamp<int64_t>(percent, 0, 99), "%");
}

void PrintRepricing(const pb::Repricing& repricing, Session& session) {
  *session.env.out << Styled(absl::StrCat("Repricing ", RepricingText(repricing),
                                          ": rates have changed, and until it is done some calls "
                                          "have their earlier cost."),
                             Style::kYellow, session.env.canvas)
                   << "\n";
}

void PrintPricedShare(int64_t calls, int64_t unpriced_calls, Session& session) {
  std::ostream& out = *session.env.out;
  if (calls == 0) {
    return;
  }
  if (unpriced_calls == 0) {
    out << "All " << Count(calls) << " call" << PluralS(calls) << " priced.\n";
    return;
  }
  const double share = static_cast<double>(calls - unpriced_calls) / static_cast<double>(calls);
  out << Styled(absl::StrCat(Percent(share), " of ", Count(calls), " call", PluralS(calls),
                             " priced; ", Count(unpriced_calls), " not, and not in the sums."),
                Style::kYellow, session.env.canvas)
      << "\n";
  PrintWhyUnpriced(session);
}

void PrintWhyUnpriced(Session& session) {
  *session.env.out
      << "They reported no usage, or their model has no rate: `itemize rates list` "
         "names such models, `itemize rates import --bundled` or `itemize rates set` prices "
         "them.\n";
}

std::string LearningText(int64_t sample_count) {
  constexpr int64_t kSamplesMin = 30;  // What the server needs for the median of a step.
  return absl::StrCat("learning ", Count(std::min(sample_count, kSamplesMin)), " of ", kSamplesMin);
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
