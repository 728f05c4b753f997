// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "itemized/spans/v1/kept_span.pb.h"

#include "storage/model/usage.h"

namespace itemized::server {

// The usage of a span, all zero if it has none; and how many of its classes are used.
Usage UsageOf(const spans::v1::KeptSpan& span);
int64_t UsedClasses(const Usage& usage);

// Which span of a trace is above which. Chains of parents that are longer than kAncestorsMax, or
// that run in a circle, end there. Immutable.
class SpanTree {
 public:
  static constexpr size_t kAncestorsMax = 128;

  // The spans outlive it.
  explicit SpanTree(absl::Span<const spans::v1::KeptSpan* const> spans);

  size_t size() const { return spans_.size(); }
  const spans::v1::KeptSpan& operator[](size_t span) const { return *spans_[span]; }

  // The parent of a span, if it is known.
  std::optional<size_t> ParentOf(size_t span) const;
  // The spans above a span, the nearest first.
  std::vector<size_t> AncestorsOf(size_t span) const;
  // The span above all others that are known above this one, which may be itself.
  size_t TopOf(size_t span) const;
  // Whether nothing is above a span, in the trace or in what its exporter sends of it.
  bool IsRoot(size_t span) const {
    return spans_[span]->parent_span_id().empty() ||
           (spans_[span]->is_highest() && parents_[span] == kNone);
  }
  // The root that began first; nothing while none has come.
  std::optional<size_t> Root() const { return root_; }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  const absl::Span<const spans::v1::KeptSpan* const> spans_;
  std::vector<size_t> parents_;  // kNone where the parent is unknown.
  std::optional<size_t> root_;
};

}  // namespace itemized::server
