// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/trace_merge.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"

#include "server/otlp/span_likeness.h"
#include "storage/base/usage_classes.h"
#include "storage/model/usage.h"

namespace itemized::server {
namespace {

using spans::v1::KeptSpan;

// How many spans that begin later one is compared with.
constexpr size_t kNeighboursMax = 64;

bool IsModel(const KeptSpan& span) {
  return span.role() == spans::v1::SPAN_ROLE_MODEL;
}

bool IsBoundary(const KeptSpan& span) {
  return span.role() == spans::v1::SPAN_ROLE_TOOL || span.role() == spans::v1::SPAN_ROLE_AGENT;
}

// What is known of a span besides itself.
struct Place {
  std::vector<size_t> around;    // Spans of models around it, up to the next tool or agent.
  bool has_inner_usage = false;  // One of those that it is around has usage.
  bool is_around = false;        // It is around another span of a model.
  bool has_outer_usage = false;  // One around it has usage.
  bool has_model_below = false;  // A span of a model is anywhere below it.
};

std::vector<Place> PlacesOf(const SpanTree& tree) {
  std::vector<Place> places(tree.size());
  for (size_t i = 0; i < tree.size(); ++i) {
    if (!IsModel(tree[i])) {
      continue;
    }
    bool is_beyond = false;
    for (const size_t above : tree.AncestorsOf(i)) {
      places[above].has_model_below = true;
      is_beyond = is_beyond || IsBoundary(tree[above]);
      if (!is_beyond && IsModel(tree[above])) {
        places[i].around.push_back(above);
        places[i].has_outer_usage = places[i].has_outer_usage || tree[above].has_usage();
        places[above].is_around = true;
        places[above].has_inner_usage = places[above].has_inner_usage || tree[i].has_usage();
      }
    }
  }
  return places;
}

// Rule 1. A span without usage is a call of its own only if nothing around it or in it is one.
bool CountsAmongModels(const KeptSpan& span, const Place& place) {
  return span.has_usage() ? !place.has_inner_usage : !place.is_around && !place.has_outer_usage;
}

// Whether a span is a part of the call that a span of a model around it tells of.
bool IsWithinACall(const SpanTree& tree, size_t span) {
  if (IsBoundary(tree[span])) {
    return false;
  }
  for (const size_t above : tree.AncestorsOf(span)) {
    if (IsModel(tree[above]) || IsBoundary(tree[above])) {
      return IsModel(tree[above]);
    }
  }
  return false;
}

// Finds rule 3's sums, of which the innermost count.
std::vector<size_t> SumsOf(const SpanTree& tree, const std::vector<Place>& places) {
  std::vector<size_t> found;
  std::set<size_t> around;
  for (size_t i = 0; i < tree.size(); ++i) {
    const KeptSpan& span = tree[i];
    if (!IsModel(span) && span.has_usage() && !span.model().empty() && !places[i].has_model_below &&
        !IsWithinACall(tree, i)) {
      found.push_back(i);
      for (const size_t above : tree.AncestorsOf(i)) {
        around.insert(above);
      }
    }
  }
  std::erase_if(found, [&](size_t i) { return around.contains(i); });
  return found;
}

bool LiesWithin(const KeptSpan& inner, const KeptSpan& outer) {
  return inner.start_unix_ns() + kTwinSlackNs >= outer.start_unix_ns() &&
         inner.end_unix_ns() <= outer.end_unix_ns() + kTwinSlackNs;
}

// How much a span says of its call; the largest counts.
auto Weight(const KeptSpan& span) {
  const Usage usage = UsageOf(span);
  return std::tuple(span.has_usage(), !MayBeGuessed(span), UsedClasses(usage),
                    !span.response_id().empty(), span.model().size(), usage.TotalTokens());
}

// Joins twins, of which a scope has one at most in each call: the likeliest pairs first.
class Twins {
 public:
  Twins(const SpanTree& tree, std::vector<size_t> spans) : tree_(tree), spans_(std::move(spans)) {
    std::sort(spans_.begin(), spans_.end(), [&](size_t a, size_t b) {
      return std::tuple(tree_[a].start_unix_ns(), tree_[a].span_id()) <
             std::tuple(tree_[b].start_unix_ns(), tree_[b].span_id());
    });
    for (size_t i = 0; i < spans_.size(); ++i) {
      groups_.push_back({i});
      group_of_.push_back(i);
    }
  }

  // Returns the groups, each with the span that counts first.
  std::vector<std::vector<size_t>> Join() {
    for (const Pair& pair : Pairs()) {
      Unite(pair.first, pair.second);
    }
    std::vector<std::vector<size_t>> joined;
    for (const std::vector<size_t>& group : groups_) {
      if (!group.empty()) {
        joined.push_back(Ordered(group));
      }
    }
    return joined;
  }

 private:
  struct Pair {
    size_t first;
    size_t second;
    std::tuple<bool, Likeness, bool, uint64_t, size_t, size_t> order;
  };

  std::vector<Pair> Pairs() const {
    std::vector<Pair> pairs;
    for (size_t i = 0; i < spans_.size(); ++i) {
      const KeptSpan& a = tree_[spans_[i]];
      const size_t end = std::min(spans_.size(), i + 1 + kNeighboursMax);
      for (size_t j = i + 1; j < end; ++j) {
        const KeptSpan& b = tree_[spans_[j]];
        if (b.start_unix_ns() > a.end_unix_ns() + kTwinSlackNs) {
          break;
        }
        if (AreTwins(a, b)) {
          const bool same_answer = !a.response_id().empty() && a.response_id() == b.response_id();
          const bool same_parent = a.parent_span_id() == b.parent_span_id();
          const uint64_t apart = b.start_unix_ns() - a.start_unix_ns();
          pairs.push_back({i, j, {!same_answer, LikenessOf(a, b), !same_parent, apart, i, j}});
        }
      }
    }
    std::sort(pairs.begin(), pairs.end(),
              [](const Pair& a, const Pair& b) { return a.order < b.order; });
    return pairs;
  }

  void Unite(size_t a, size_t b) {
    const size_t into = group_of_[a];
    const size_t from = group_of_[b];
    if (into == from || ShareAScope(groups_[into], groups_[from])) {
      return;
    }
    for (const size_t moved : groups_[from]) {
      group_of_[moved] = into;
      groups_[into].push_back(moved);
    }
    groups_[from].clear();
  }

  bool ShareAScope(const std::vector<size_t>& a, const std::vector<size_t>& b) const {
    return std::any_of(a.begin(), a.end(), [&](size_t x) {
      return std::any_of(b.begin(), b.end(), [&](size_t y) {
        return tree_[spans_[x]].scope() == tree_[spans_[y]].scope();
      });
    });
  }

  std::vector<size_t> Ordered(const std::vector<size_t>& group) const {
    std::vector<size_t> ordered;
    for (const size_t member : group) {
      ordered.push_back(spans_[member]);
    }
    std::sort(ordered.begin(), ordered.end(), [&](size_t a, size_t b) {
      const auto x = Weight(tree_[a]);
      const auto y = Weight(tree_[b]);
      return x != y ? x > y : tree_[a].span_id() < tree_[b].span_id();
    });
    return ordered;
  }

  const SpanTree& tree_;
  std::vector<size_t> spans_;                // They stand by start; what follows has places in it.
  std::vector<std::vector<size_t>> groups_;  // One that went into another is empty.
  std::vector<size_t> group_of_;
};

}  // namespace

bool AreTwins(const KeptSpan& a, const KeptSpan& b) {
  if (a.scope() == b.scope() || a.resource() != b.resource()) {
    return false;
  }
  if (!a.response_id().empty() && !b.response_id().empty()) {
    return a.response_id() == b.response_id();
  }
  return (LiesWithin(a, b) || LiesWithin(b, a)) && LikenessOf(a, b) != Likeness::kUnequal &&
         (absl::StartsWith(a.model(), b.model()) || absl::StartsWith(b.model(), a.model()));
}

std::vector<CallSpans> MergeSpans(const SpanTree& tree) {
  const std::vector<Place> places = PlacesOf(tree);
  std::vector<size_t> counted;
  for (size_t i = 0; i < tree.size(); ++i) {
    if (IsModel(tree[i]) && CountsAmongModels(tree[i], places[i])) {
      counted.push_back(i);
    }
  }
  std::vector<CallSpans> calls;
  for (const std::vector<size_t>& group : Twins(tree, std::move(counted)).Join()) {
    CallSpans& call = calls.emplace_back();
    call.counted = group.front();
    call.twins.assign(group.begin() + 1, group.end());
    for (const size_t span : group) {
      call.around.insert(call.around.end(), places[span].around.begin(), places[span].around.end());
    }
  }
  for (const size_t sum : SumsOf(tree, places)) {
    calls.push_back({.counted = sum, .twins = {}, .around = {}, .is_aggregate = true});
  }
  return calls;
}

}  // namespace itemized::server
