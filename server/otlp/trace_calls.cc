// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/trace_calls.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "server/otlp/span_tree.h"
#include "server/otlp/trace_merge.h"
#include "storage/base/usage_classes.h"
#include "storage/model/limits.h"
#include "storage/model/served_as.h"

namespace itemized::server {
namespace {

using spans::v1::KeptSpan;

constexpr int64_t kNsPerUs = 1'000;

// Attributes of calls that come from spans.
constexpr char kSession[] = "session";
constexpr char kScope[] = "otel.scope";
constexpr char kMergedScopes[] = "otel.merged_scopes";
constexpr char kRule[] = "otel.rule";
constexpr char kAggregate[] = "aggregate";

// Stands where neither a span nor those above it have a name.
constexpr char kUnnamedStep[] = "unnamed";

using Text = const std::string& (KeptSpan::*)() const;

int64_t ToUs(uint64_t ns) {
  return static_cast<int64_t>(ns / static_cast<uint64_t>(kNsPerUs));
}

// Finds what is known of a call: by itself, by the spans that tell of it too, or by those above.
// Where one above is lost, as those are that an emitter filters out, what is above all is the
// trace's root.
class Finder {
 public:
  Finder(const SpanTree& tree, const CallSpans& spans) : tree_(tree) {
    own_.push_back(spans.counted);
    own_.insert(own_.end(), spans.twins.begin(), spans.twins.end());
    const size_t beside = own_.size();
    own_.insert(own_.end(), spans.around.begin(), spans.around.end());
    absl::flat_hash_set<size_t> known(own_.begin(), own_.end());
    for (size_t i = 0; i < beside; ++i) {  // What is above the others is above these, too.
      for (const size_t above : tree.AncestorsOf(own_[i])) {
        if (known.insert(above).second) {
          above_.push_back(above);
        }
      }
    }
    const size_t top = tree.TopOf(spans.counted);
    const size_t root = tree.Root().value_or(top);
    if (!tree.IsRoot(top) && root != top && known.insert(root).second) {
      above_.push_back(root);
    }
  }

  // Texts are views of the spans.
  absl::string_view OwnFirst(Text text) const { return First(own_, text); }
  absl::string_view AboveFirst(Text text) const { return First(above_, text); }
  absl::string_view AnyFirst(Text text) const {
    const absl::string_view found = OwnFirst(text);
    return found.empty() ? AboveFirst(text) : found;
  }

  // The longest is the most exact: "gpt-4.1-2025-04-14" says more than "gpt-4.1".
  absl::string_view LongestOwn(Text text) const {
    absl::string_view longest;
    for (const size_t span : own_) {
      const std::string& found = (tree_[span].*text)();
      if (found.size() > longest.size()) {
        longest = found;
      }
    }
    return longest;
  }

  // What the mapping takes for calls: from the nearest span that has it, else from a resource.
  std::map<std::string, std::string> Attributes() const {
    std::map<std::string, std::string> found;
    for (const auto attributes : {&KeptSpan::attributes, &KeptSpan::resource_attributes}) {
      for (const std::vector<size_t>* spans : {&own_, &above_}) {
        for (const size_t span : *spans) {
          const auto& of_span = (tree_[span].*attributes)();
          found.insert(of_span.begin(), of_span.end());
        }
      }
    }
    return found;
  }

  const std::vector<size_t>& own() const { return own_; }
  const std::vector<size_t>& above() const { return above_; }

 private:
  absl::string_view First(const std::vector<size_t>& spans, Text text) const {
    for (const size_t span : spans) {
      if (!(tree_[span].*text)().empty()) {
        return (tree_[span].*text)();
      }
    }
    return "";
  }

  const SpanTree& tree_;
  std::vector<size_t> own_;    // The span that counts stands first.
  std::vector<size_t> above_;  // The nearest first.
};

absl::string_view FirstOf(std::initializer_list<absl::string_view> texts) {
  for (const absl::string_view text : texts) {
    if (!text.empty()) {
      return text;
    }
  }
  return "";
}

// The name by which a span stands for its workflow.
absl::string_view WorkflowOfRoot(const KeptSpan& root) {
  return FirstOf({root.our_workflow(), root.mapped_workflow(), root.workflow(),
                  root.role() == spans::v1::SPAN_ROLE_AGENT ? absl::string_view(root.node()) : "",
                  root.step(), root.name()});
}

// The name of the nearest span above that is of the application; of any, if there is none.
absl::string_view NameAbove(const SpanTree& tree, const Finder& finder) {
  const std::vector<size_t>& above = finder.above();
  if (above.empty()) {
    return "";
  }
  const auto own = std::find_if(above.begin(), above.end(),
                                [&](size_t span) { return !tree[span].is_wrapper(); });
  const KeptSpan& nearest = tree[own == above.end() ? above.front() : *own];
  return nearest.role() == spans::v1::SPAN_ROLE_WORKFLOW ? WorkflowOfRoot(nearest) : nearest.name();
}

absl::string_view StepOf(const SpanTree& tree, const CallSpans& spans, const Finder& finder) {
  const KeptSpan& counted = tree[spans.counted];
  return FirstOf({finder.AnyFirst(&KeptSpan::our_step), finder.AnyFirst(&KeptSpan::mapped_step),
                  finder.OwnFirst(&KeptSpan::step),
                  spans.is_aggregate ? absl::string_view(counted.node()) : "",
                  finder.AboveFirst(&KeptSpan::node), finder.OwnFirst(&KeptSpan::agent),
                  finder.AboveFirst(&KeptSpan::agent), NameAbove(tree, finder), counted.name(),
                  kUnnamedStep});
}

// Where the root never came, what the spans themselves say of their workflow is all there is.
absl::string_view WorkflowOf(const SpanTree& tree, const CallSpans& spans, const Finder& finder) {
  const size_t highest = tree.TopOf(spans.counted);
  const size_t root = tree.IsRoot(highest) ? highest : tree.Root().value_or(highest);
  const KeptSpan& top = tree[root];
  const absl::string_view ours = FirstOf(
      {finder.AnyFirst(&KeptSpan::our_workflow), finder.AnyFirst(&KeptSpan::mapped_workflow)});
  if (!ours.empty() || tree.IsRoot(root)) {
    return FirstOf({ours, WorkflowOfRoot(top)});
  }
  const absl::string_view of_top = &top == &tree[spans.counted] ? "" : WorkflowOfRoot(top);
  return FirstOf({finder.OwnFirst(&KeptSpan::workflow), finder.AboveFirst(&KeptSpan::workflow),
                  of_top, top.service()});
}

std::string WorkflowId(absl::string_view ours, absl::string_view trace) {
  return ours.empty() ? absl::BytesToHexString(trace) : std::string(ours);
}

void AddAttribute(absl::string_view key, absl::string_view value, Call* call) {
  if (!value.empty()) {
    call->attributes.emplace_back(key, value);
  }
}

// Says by which scopes the call was told of, which has few values.
std::string MergedScopes(const SpanTree& tree, const Finder& finder) {
  std::set<std::string> scopes;
  for (size_t i = 1; i < finder.own().size(); ++i) {
    scopes.insert(tree[finder.own()[i]].scope());
  }
  std::string text;
  for (const std::string& scope : scopes) {
    if (text.size() + scope.size() + 2 <= kNameBytesMax) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", scope);
    }
  }
  return text;
}

void AddAttributes(const SpanTree& tree, const CallSpans& spans, const Finder& finder, Call* call) {
  AddAttribute(kSession, finder.AnyFirst(&KeptSpan::session), call);
  AddAttribute(kScope, tree[spans.counted].scope(), call);
  AddAttribute(kMergedScopes, MergedScopes(tree, finder), call);
  AddAttribute(kRule, spans.is_aggregate ? kAggregate : "", call);
  AddAttribute(kServiceTierAttribute, finder.OwnFirst(&KeptSpan::service_tier), call);
  AddAttribute(kRegionAttribute, finder.OwnFirst(&KeptSpan::region), call);
  for (const auto& [key, value] : finder.Attributes()) {
    AddAttribute(key, value, call);
  }
  std::sort(call->attributes.begin(), call->attributes.end());
}

// Returns the usage of the span that tells the same tokens apart best.
Usage BestUsage(const SpanTree& tree, const Finder& finder) {
  Usage best = UsageOf(tree[finder.own().front()]);
  for (const size_t span : finder.own()) {
    const Usage usage = UsageOf(tree[span]);
    if (tree[span].has_usage() && usage.TotalTokens() == best.TotalTokens() &&
        usage.TotalInput() == best.TotalInput() && UsedClasses(usage) > UsedClasses(best)) {
      best = usage;
    }
  }
  return best;
}

void SetUsage(const SpanTree& tree, const Finder& finder, Call* call) {
  const KeptSpan& span = tree[finder.own().front()];
  if (span.has_usage()) {
    call->usage = BestUsage(tree, finder);
  }
  call->usage_unknown = !span.has_usage() && span.usage_unknown();
  if (span.reported_cost() > 0) {
    call->reported_cost_picos = span.reported_cost() - 1;
  }
}

Call ToCall(absl::string_view trace, const SpanTree& tree, const CallSpans& spans) {
  const KeptSpan& counted = tree[spans.counted];
  const Finder finder(tree, spans);
  Call call;
  call.event_id = absl::BytesToHexString(counted.span_id());
  call.time_us = ToUs(counted.end_unix_ns());
  call.workflow = std::string(WorkflowOf(tree, spans, finder));
  call.workflow_id = WorkflowId(finder.AnyFirst(&KeptSpan::our_workflow_id), trace);
  call.step = std::string(StepOf(tree, spans, finder));
  call.provider = std::string(finder.OwnFirst(&KeptSpan::provider));
  call.model = std::string(FirstOf({finder.LongestOwn(&KeptSpan::model), "unknown"}));
  SetUsage(tree, finder, &call);
  call.duration_us = ToUs(counted.end_unix_ns() - counted.start_unix_ns());
  call.status = counted.is_error() ? CallStatus::kError : CallStatus::kOk;
  AddAttributes(tree, spans, finder, &call);
  return call;
}

// Returns the span that ended last of those that `is_one` accepts; null if there is none.
template <typename IsOne>
const KeptSpan* LastOf(const SpanTree& tree, IsOne is_one) {
  const KeptSpan* last = nullptr;
  for (size_t i = 0; i < tree.size(); ++i) {
    const KeptSpan& span = tree[i];
    if (is_one(i) && (last == nullptr || std::pair(span.end_unix_ns(), span.span_id()) >
                                             std::pair(last->end_unix_ns(), last->span_id()))) {
      last = &span;
    }
  }
  return last;
}

Outcome ToOutcome(absl::string_view text, bool is_error) {
  if (text == "completed") {
    return Outcome::kCompleted;
  }
  if (text == "abandoned") {
    return Outcome::kAbandoned;
  }
  if (text == "short_circuited") {
    return Outcome::kShortCircuited;
  }
  return text == "failed" || is_error ? Outcome::kFailed : Outcome::kCompleted;
}

std::vector<std::string> UnusedSteps(const SpanTree& tree) {
  std::set<std::string> steps;
  for (size_t i = 0; i < tree.size(); ++i) {
    steps.insert(tree[i].our_unused().begin(), tree[i].our_unused().end());
  }
  return {steps.begin(), steps.end()};
}

// A run ends with the last root, or with the last span that names an outcome, which then counts.
// The instant only grows as spans arrive, so that the newest completion is the one that holds.
std::optional<Completion> CompletionOf(absl::string_view trace, const SpanTree& tree) {
  const KeptSpan* const last_root = LastOf(tree, [&](size_t i) { return tree.IsRoot(i); });
  const KeptSpan* const named =
      LastOf(tree, [&](size_t i) { return !tree[i].our_outcome().empty(); });
  if (last_root == nullptr && named == nullptr) {
    return std::nullopt;
  }
  const KeptSpan& ending = named != nullptr ? *named : *last_root;
  const std::optional<size_t> root_index = tree.Root();
  const KeptSpan* const root = root_index.has_value() ? &tree[*root_index] : nullptr;
  Completion completion;
  completion.time_us = ToUs(std::max(named == nullptr ? 0 : named->end_unix_ns(),
                                     last_root == nullptr ? 0 : last_root->end_unix_ns()));
  completion.workflow =
      root == nullptr ? ending.our_workflow() : std::string(WorkflowOfRoot(*root));
  completion.workflow_id =
      WorkflowId(root == nullptr ? ending.our_workflow_id()
                                 : FirstOf({ending.our_workflow_id(), root->our_workflow_id()}),
                 trace);
  completion.outcome = ToOutcome(ending.our_outcome(), ending.is_error());
  completion.unused_steps = UnusedSteps(tree);
  return completion;
}

}  // namespace

TraceCounts TraceBill::Counts() const {
  TraceCounts counts;
  for (const TraceCall& call : calls) {
    counts.merged += static_cast<int64_t>(call.merged.size());
    counts.aggregates += call.is_aggregate ? 1 : 0;
    counts.without_usage += call.call.usage.has_value() ? 0 : 1;
  }
  counts.rootless = !calls.empty() && !has_root ? 1 : 0;
  return counts;
}

TraceBill CountTrace(absl::string_view trace_id,
                     absl::Span<const spans::v1::KeptSpan* const> spans) {
  const SpanTree tree(spans);
  TraceBill bill;
  for (const CallSpans& merged : MergeSpans(tree)) {
    TraceCall& call = bill.calls.emplace_back();
    call.span = merged.counted;
    call.merged = merged.twins;
    call.merged.insert(call.merged.end(), merged.around.begin(), merged.around.end());
    call.is_aggregate = merged.is_aggregate;
    call.call = ToCall(trace_id, tree, merged);
  }
  std::sort(bill.calls.begin(), bill.calls.end(),
            [](const TraceCall& a, const TraceCall& b) { return a.span < b.span; });
  bill.has_root = tree.Root().has_value();
  if (!bill.calls.empty()) {
    bill.completion = CompletionOf(trace_id, tree);
  }
  return bill;
}

}  // namespace itemized::server
