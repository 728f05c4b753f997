// SPDX-License-Identifier: Apache-2.0
#include "client/cli/spans.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/table.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

constexpr int32_t kIndentMax = 20;  // What is deeper is not moved further to the right.

const char* RuleText(pb::MergeRule rule) {
  switch (rule) {
    case pb::MERGE_RULE_NESTED:
      return "nested";
    case pb::MERGE_RULE_SAME_ANSWER:
      return "same answer";
    case pb::MERGE_RULE_SAME_TIME:
      return "same time and tokens";
    default:
      return "same call";
  }
}

// What a span has to do with the bill.
Cell PartCell(const pb::RunSpan& span) {
  const std::string from =
      span.other_trace_id().empty() ? "" : absl::StrCat(", from trace ", span.other_trace_id());
  switch (span.part()) {
    case pb::SPAN_PART_COUNTED:
      return {absl::StrCat("call ", span.event_id(), from), Style::kBold};
    case pb::SPAN_PART_AGGREGATE:
      return {absl::StrCat("call ", span.event_id(), ", a sum without calls below"),
              Style::kYellow};
    case pb::SPAN_PART_MERGED:
      return {absl::StrCat("in ", span.event_id(), ": ", RuleText(span.rule()), from), Style::kDim};
    case pb::SPAN_PART_SUM:
      return {"sum of calls below", Style::kDim};
    case pb::SPAN_PART_ELSEWHERE:
      return {absl::StrCat("in a call of trace ", span.other_trace_id()), Style::kDim};
    default:
      return "";
  }
}

Cell NameOf(const pb::RunSpan& span) {
  const auto indent = static_cast<size_t>(std::clamp(span.depth(), 0, kIndentMax));
  return {std::string(2 * indent, ' ') + span.name(),
          span.status() == "error" ? Style::kRed : Style::kPlain};
}

Table MakeTable(const pb::GetSpansResponse& spans) {
  Table table({{.header = "SPAN", .shrink_to = 24},
               {.header = "SCOPE", .drop_order = 40, .shrink_to = 10},
               {.header = "", .align = Align::kRight, .drop_order = 70},
               {.header = "DURATION", .align = Align::kRight, .drop_order = 60},
               {.header = "FIRST TOKEN", .align = Align::kRight, .drop_order = 80},
               {.header = "TOKENS IN", .align = Align::kRight, .drop_order = 50},
               {.header = "OUT", .align = Align::kRight, .drop_order = 55},
               {.header = "COST", .align = Align::kRight},
               {.header = "BILL"}});
  for (const pb::RunSpan& span : spans.spans()) {
    const bool has_usage = span.has_usage();
    table.AddRow(
        {NameOf(span),
         span.scope(),
         {OffsetText(span.start(), spans.spans(0).start()), Style::kDim},
         DurationText(span.duration_ms()),
         span.has_time_to_first_token_ms() ? DurationText(span.time_to_first_token_ms()) : "",
         has_usage ? Count(TokensIn(CountsOf(span.usage()))) : "",
         has_usage ? Count(TokensOut(CountsOf(span.usage()))) : "",
         {span.cost_usd().empty() ? "" : MoneyText(span.cost_usd()), Style::kBold},
         PartCell(span)});
  }
  return table;
}

absl::StatusOr<pb::GetSpansResponse> Ask(const std::string& workflow_id, Session& session) {
  pb::GetSpansRequest request;
  request.set_workflow_id(workflow_id);
  return session.connection->GetSpans(request);
}

// Says what is known of a span in a line.
std::string Describe(const pb::RunSpan& span) {
  std::vector<std::string> parts = {
      span.scope().empty() ? span.name() : absl::StrCat(span.name(), " of scope ", span.scope()),
      DurationText(span.duration_ms())};
  if (span.has_time_to_first_token_ms()) {
    parts.push_back(
        absl::StrCat("first token after ", DurationText(span.time_to_first_token_ms())));
  }
  if (span.part() == pb::SPAN_PART_AGGREGATE) {
    parts.emplace_back("a sum: no span of its calls has come");
  }
  if (span.part() == pb::SPAN_PART_MERGED) {
    parts.emplace_back(RuleText(span.rule()));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace

int ShowSpans(const std::string& workflow_id, Session& session) {
  return Answer(Ask(workflow_id, session), session, [&](const pb::GetSpansResponse& spans) {
    if (spans.spans().empty()) {
      *session.env.out
          << "There are no spans of the run: it is not known, did not come as spans, or "
             "they are not kept any more.\n";
      return;
    }
    *session.env.out << MakeTable(spans).Render(session.env.canvas);
    if (spans.left_off_traces() > 0) {
      *session.env.out << "The spans of " << Count(spans.left_off_traces()) << " more trace"
                       << PluralS(spans.left_off_traces()) << " of the run are not shown.\n";
    }
  });
}

void PrintSpansOf(const pb::BilledCall& call, Session& session) {
  const absl::StatusOr<pb::GetSpansResponse> spans = Ask(call.workflow_id(), session);
  if (absl::IsUnimplemented(spans.status())) {
    return;  // Older servers know no spans.
  }
  if (!spans.ok()) {
    PrintLine("Span", absl::StrCat("not known: ", spans.status().message()), session);
    return;
  }
  for (const pb::RunSpan& span : spans->spans()) {
    if (span.event_id() == call.event_id()) {
      PrintLine(span.part() == pb::SPAN_PART_MERGED ? "Merged" : "Span", Describe(span), session);
    }
  }
}

}  // namespace itemized::cli
