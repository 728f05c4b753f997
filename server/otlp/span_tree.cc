// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_tree.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

Usage UsageOf(const spans::v1::KeptSpan& span) {
  Usage usage;
  std::copy_n(span.usage().begin(),
              std::min<size_t>(static_cast<size_t>(span.usage_size()), kUsageClassCount),
              usage.counts.begin());
  return usage;
}

int64_t UsedClasses(const Usage& usage) {
  return std::count_if(usage.counts.begin(), usage.counts.end(),
                       [](int64_t count) { return count != 0; });
}

namespace {

bool BeginsBefore(const spans::v1::KeptSpan& a, const spans::v1::KeptSpan& b) {
  return std::pair(a.start_unix_ns(), absl::string_view(a.span_id())) <
         std::pair(b.start_unix_ns(), absl::string_view(b.span_id()));
}

}  // namespace

SpanTree::SpanTree(absl::Span<const spans::v1::KeptSpan* const> spans)
    : spans_(spans), parents_(spans.size(), kNone) {
  absl::flat_hash_map<absl::string_view, size_t> by_id;
  by_id.reserve(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    by_id.emplace(spans[i]->span_id(), i);
  }
  for (size_t i = 0; i < spans.size(); ++i) {
    const auto found = by_id.find(spans[i]->parent_span_id());
    if (found != by_id.end() && found->second != i) {
      parents_[i] = found->second;
    }
    if (IsRoot(i) && (!root_.has_value() || BeginsBefore(*spans[i], *spans[*root_]))) {
      root_ = i;
    }
  }
}

std::optional<size_t> SpanTree::ParentOf(size_t span) const {
  return parents_[span] == kNone ? std::nullopt : std::optional(parents_[span]);
}

std::vector<size_t> SpanTree::AncestorsOf(size_t span) const {
  std::vector<size_t> ancestors;
  for (size_t at = parents_[span]; at != kNone && at != span && ancestors.size() < kAncestorsMax;
       at = parents_[at]) {
    ancestors.push_back(at);
  }
  return ancestors;
}

size_t SpanTree::TopOf(size_t span) const {
  const std::vector<size_t> ancestors = AncestorsOf(span);
  return ancestors.empty() ? span : ancestors.back();
}

}  // namespace itemized::server
