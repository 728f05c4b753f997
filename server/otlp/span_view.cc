// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_view.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"

#include "server/convert/query_answers.h"
#include "server/otlp/span_tree.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using spans::v1::KeptSpan;

constexpr double kNsPerMs = 1e6;

// What the bill makes of a span.
struct Verdict {
  pb::SpanPart part = pb::SPAN_PART_UNSPECIFIED;
  pb::MergeRule rule = pb::MERGE_RULE_UNSPECIFIED;
  std::optional<size_t> counted;  // The span of the call that it tells of.
};

std::vector<const KeptSpan*> PointersTo(const OpenTrace& trace) {
  std::vector<const KeptSpan*> spans(trace.size());
  for (size_t i = 0; i < trace.size(); ++i) {
    spans[i] = &trace[i];
  }
  return spans;
}

bool IsAbove(const SpanTree& tree, size_t above, size_t span) {
  const std::vector<size_t> ancestors = tree.AncestorsOf(span);
  return std::find(ancestors.begin(), ancestors.end(), above) != ancestors.end();
}

pb::MergeRule RuleOf(const SpanTree& tree, size_t counted, size_t merged) {
  const std::string& answer = tree[counted].response_id();
  if (!answer.empty() && answer == tree[merged].response_id()) {
    return pb::MERGE_RULE_SAME_ANSWER;
  }
  return IsAbove(tree, merged, counted) || IsAbove(tree, counted, merged)
             ? pb::MERGE_RULE_NESTED
             : pb::MERGE_RULE_SAME_TIME;
}

std::vector<Verdict> Judge(const OpenTrace& trace, const SpanTree& tree) {
  std::vector<Verdict> verdicts(trace.size());
  for (size_t i = 0; i < trace.size(); ++i) {
    if (trace.HasLeft(i)) {
      verdicts[i].part = pb::SPAN_PART_ELSEWHERE;
    } else if (trace[i].has_usage()) {
      verdicts[i].part = pb::SPAN_PART_SUM;
    }
  }
  for (const TraceCall& call : trace.CountCalls().calls) {
    verdicts[call.span] = {
        .part = call.is_aggregate ? pb::SPAN_PART_AGGREGATE : pb::SPAN_PART_COUNTED,
        .counted = call.span};
    for (const size_t merged : call.merged) {
      verdicts[merged] = {.part = pb::SPAN_PART_MERGED,
                          .rule = RuleOf(tree, call.span, merged),
                          .counted = call.span};
    }
  }
  return verdicts;
}

// The order of the spans, with how deep each of them stands. Spans that run in a circle come last.
std::vector<std::pair<size_t, int32_t>> OrderOf(const SpanTree& tree) {
  std::vector<std::vector<size_t>> below(tree.size());
  std::vector<size_t> begin(tree.size());
  for (size_t i = 0; i < tree.size(); ++i) {
    begin[i] = i;
  }
  // What is pushed last comes first.
  std::sort(begin.begin(), begin.end(), [&](size_t a, size_t b) {
    return std::pair(tree[a].start_unix_ns(), a) > std::pair(tree[b].start_unix_ns(), b);
  });
  std::vector<std::pair<size_t, int32_t>> waiting;
  for (const size_t span : begin) {
    if (const std::optional<size_t> parent = tree.ParentOf(span)) {
      below[*parent].push_back(span);
    } else {
      waiting.emplace_back(span, 0);
    }
  }
  std::vector<std::pair<size_t, int32_t>> order;
  std::vector<char> is_there(tree.size(), 0);
  const auto walk = [&] {
    while (!waiting.empty()) {
      const auto [span, depth] = waiting.back();
      waiting.pop_back();
      if (std::exchange(is_there[span], 1) == 0) {
        order.emplace_back(span, depth);
        for (const size_t child : below[span]) {
          waiting.emplace_back(child, depth + 1);
        }
      }
    }
  };
  walk();
  for (size_t span = 0; span < tree.size(); ++span) {
    waiting.emplace_back(span, 0);
    walk();
  }
  return order;
}

pb::RunSpan ToRunSpan(const KeptSpan& span) {
  pb::RunSpan shown;
  shown.set_span_id(absl::BytesToHexString(span.span_id()));
  shown.set_parent_span_id(absl::BytesToHexString(span.parent_span_id()));
  shown.set_name(span.name());
  shown.set_scope(span.scope());
  shown.set_start(FormatTime(static_cast<int64_t>(span.start_unix_ns() / 1'000)));
  shown.set_duration_ms(static_cast<double>(span.end_unix_ns() - span.start_unix_ns()) / kNsPerMs);
  if (span.first_token_ns() > 0) {
    shown.set_time_to_first_token_ms(static_cast<double>(span.first_token_ns() - 1) / kNsPerMs);
  }
  shown.set_status(span.is_error() ? "error" : "ok");
  shown.set_model(span.model());
  if (span.has_usage()) {
    *shown.mutable_usage() = ToUsage(UsageOf(span));
  }
  return shown;
}

}  // namespace

void AddSpans(const OpenTrace& trace, pb::GetSpansResponse* response) {
  const std::vector<const KeptSpan*> spans = PointersTo(trace);
  const SpanTree tree(spans);
  const std::vector<Verdict> verdicts = Judge(trace, tree);
  for (const auto& [index, depth] : OrderOf(tree)) {
    const KeptSpan& span = trace[index];
    if (span.has_left()) {
      continue;  // It was a guest here, and is none any more.
    }
    const Verdict& verdict = verdicts[index];
    pb::RunSpan& shown = *response->add_spans();
    shown = ToRunSpan(span);
    shown.set_trace_id(absl::BytesToHexString(trace.id()));
    shown.set_depth(depth);
    shown.set_part(verdict.part);
    shown.set_rule(verdict.rule);
    if (verdict.counted.has_value()) {
      shown.set_event_id(absl::BytesToHexString(trace[*verdict.counted].span_id()));
    }
    const std::string& other =
        span.home_trace_id().empty() ? span.host_trace_id() : span.home_trace_id();
    shown.set_other_trace_id(absl::BytesToHexString(other));
  }
}

}  // namespace itemized::server
