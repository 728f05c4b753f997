// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/twin_places.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "server/otlp/span_likeness.h"
#include "server/otlp/span_tree.h"
#include "server/otlp/trace_merge.h"

namespace itemized::server {
namespace {

using spans::v1::KeptSpan;

struct Member {
  size_t trace;
  size_t span;
  const KeptSpan* kept;
  bool may_leave = false;  // It is a root with no span of a model below.
};

// The spans of models that a trace has of its own.
std::vector<Member> MembersOf(size_t number, const OpenTrace& trace) {
  std::vector<const KeptSpan*> own;
  std::vector<size_t> indices;
  for (size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].home_trace_id().empty()) {
      own.push_back(&trace[i]);
      indices.push_back(i);
    }
  }
  const SpanTree tree(own);
  std::set<size_t> above_models;
  std::vector<Member> members;
  for (size_t i = 0; i < tree.size(); ++i) {
    if (tree[i].role() == spans::v1::SPAN_ROLE_MODEL) {
      members.push_back({number, i, &tree[i]});
      const std::vector<size_t> above = tree.AncestorsOf(i);
      above_models.insert(above.begin(), above.end());
    }
  }
  for (Member& member : members) {
    // One whose parent is known by name only has its context.
    member.may_leave = member.kept->parent_span_id().empty() && !above_models.contains(member.span);
    member.span = indices[member.span];
  }
  return members;
}

auto OrderOf(const Member& member) {
  return std::tuple(member.kept->start_unix_ns(), member.kept->span_id());
}

class Places {
 public:
  explicit Places(absl::Span<const OpenTrace* const> traces) {
    for (size_t i = 0; i < traces.size(); ++i) {
      members_.push_back(MembersOf(i, *traces[i]));
    }
  }

  std::vector<TwinPlace> Find() {
    for (const std::vector<Member>& trace : members_) {
      for (const Member& root : trace) {
        if (root.may_leave) {
          AddPairs(root);
        }
      }
    }
    std::sort(pairs_.begin(), pairs_.end(),
              [](const Pair& a, const Pair& b) { return a.order < b.order; });
    std::vector<TwinPlace> places;
    for (const Pair& pair : pairs_) {
      if (Take(*pair.root, *pair.host)) {
        places.push_back({pair.root->trace, pair.root->span, pair.host->trace, pair.host->span});
      }
    }
    return places;
  }

 private:
  struct Pair {
    const Member* root;
    const Member* host;
    // Those of one answer go first, then those whose counts go together best, then hosts that are
    // no roots, then those that begin together.
    std::tuple<bool, Likeness, bool, uint64_t, std::string, std::string> order;
  };

  void AddPairs(const Member& root) {
    for (const std::vector<Member>& trace : members_) {
      for (const Member& host : trace) {
        if (host.trace != root.trace && IsHost(root, host, trace)) {
          const KeptSpan& a = *root.kept;
          const KeptSpan& b = *host.kept;
          const bool same_answer = !a.response_id().empty() && a.response_id() == b.response_id();
          const uint64_t apart = std::max(a.start_unix_ns(), b.start_unix_ns()) -
                                 std::min(a.start_unix_ns(), b.start_unix_ns());
          pairs_.push_back(
              {&root,
               &host,
               {!same_answer, LikenessOf(a, b), host.may_leave, apart, a.span_id(), b.span_id()}});
        }
      }
    }
  }

  // When both are roots, the later one leaves.
  static bool IsHost(const Member& root, const Member& host, const std::vector<Member>& of_host) {
    if (!AreTwins(*root.kept, *host.kept) || (host.may_leave && OrderOf(root) < OrderOf(host))) {
      return false;
    }
    return std::none_of(of_host.begin(), of_host.end(), [&](const Member& other) {
      return other.kept->scope() == root.kept->scope() && AreTwins(*other.kept, *host.kept);
    });
  }

  bool Take(const Member& root, const Member& host) {
    if (left_.contains(root.kept) || hosts_.contains(root.kept) || left_.contains(host.kept) ||
        !taken_.emplace(host.kept, root.kept->scope()).second) {
      return false;
    }
    left_.insert(root.kept);
    hosts_.insert(host.kept);
    return true;
  }

  std::vector<std::vector<Member>> members_;  // One list for each trace.
  std::vector<Pair> pairs_;
  std::set<const KeptSpan*> left_;
  std::set<const KeptSpan*> hosts_;
  std::set<std::pair<const KeptSpan*, std::string>> taken_;  // Hosts, and the scopes they have.
};

}  // namespace

std::vector<TwinPlace> PlaceTwins(absl::Span<const OpenTrace* const> traces) {
  return Places(traces).Find();
}

namespace {

// Lets a span of `home` be a guest of `host`, or of none if that is null. Returns which traces that
// changes.
std::vector<OpenTrace*> MoveTwin(absl::Span<OpenTrace* const> traces, OpenTrace* home, size_t index,
                                 OpenTrace* host, const std::string& host_span) {
  const KeptSpan& span = (*home)[index];
  const std::string host_id = host == nullptr ? "" : host->id();
  if (span.host_trace_id() == host_id && span.host_span_id() == host_span) {
    return {};
  }
  const auto before = std::find_if(traces.begin(), traces.end(), [&](const OpenTrace* trace) {
    return trace->id() == span.host_trace_id();
  });
  if (before == traces.end() && !span.host_trace_id().empty()) {
    return {};  // Where it is now is out of reach.
  }
  std::vector<OpenTrace*> changed = {home};
  if (before != traces.end() && *before != host) {
    (*before)->DropGuest(span.span_id());
    changed.push_back(*before);
  }
  if (host != nullptr && !host->PutGuest(span, home->id(), host_span)) {
    host = nullptr;  // Another span has its id by chance, and it stays.
  }
  home->SetHost(index, host == nullptr ? "" : host_id, host == nullptr ? "" : host_span);
  if (host != nullptr) {
    changed.push_back(host);
  }
  return changed;
}

}  // namespace

std::vector<OpenTrace*> MoveTwins(absl::Span<OpenTrace* const> traces) {
  std::map<std::pair<size_t, size_t>, TwinPlace> wanted;
  for (const TwinPlace& place :
       PlaceTwins(std::vector<const OpenTrace*>(traces.begin(), traces.end()))) {
    wanted[{place.trace, place.span}] = place;
  }
  std::vector<OpenTrace*> changed;
  for (size_t t = 0; t < traces.size(); ++t) {
    for (size_t s = 0; s < traces[t]->size(); ++s) {
      const auto found = wanted.find({t, s});
      OpenTrace* const host = found == wanted.end() ? nullptr : traces[found->second.host_trace];
      const std::string host_span =
          host == nullptr ? "" : (*host)[found->second.host_span].span_id();
      for (OpenTrace* trace : MoveTwin(traces, traces[t], s, host, host_span)) {
        changed.push_back(trace);
      }
    }
  }
  return changed;
}

}  // namespace itemized::server
