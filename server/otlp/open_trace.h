// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "itemized/spans/v1/kept_span.pb.h"

#include "server/otlp/trace_calls.h"
#include "storage/model/call.h"

namespace itemized::server {

// What changes in the store when spans are added to a trace.
struct TraceChanges {
  std::vector<Call> calls;              // Calls that are new or changed, with their revisions.
  std::vector<CallId> retractions;      // Calls that are none any more.
  std::vector<Completion> completions;  // One that is taken back stands before its successor.
  std::vector<size_t> kept;             // The spans whose row is new or changed.
  TraceCounts more;                     // What there is more than before; it may be negative.
};

// All spans that are known of a trace, and which calls are stored for them. Not thread-safe.
class OpenTrace {
 public:
  // How many spans a trace may have; more are refused.
  static constexpr size_t kSpansMax = 10'000;

  // `id` has 16 bytes.
  explicit OpenTrace(std::string id) : id_(std::move(id)) {}

  // Puts a span back that was stored with what became of it.
  void Restore(spans::v1::KeptSpan span);
  // Says that Restore has put back all that there was.
  void FinishRestoring();

  // Adds a span. Returns false if it is known, which is a re-delivery.
  bool Add(spans::v1::KeptSpan span);
  // Says that a root tells of a call of another trace, or that it does not any more if `host_trace`
  // is "". It counts there from then on, where its guest is to be put.
  void SetHost(size_t span, const std::string& host_trace, const std::string& host_span);
  // Puts the root `span` of the trace `home` below `host_span`, one of this trace. Returns false if
  // the trace has a span of that id.
  bool PutGuest(const spans::v1::KeptSpan& span, const std::string& home,
                const std::string& host_span);
  void DropGuest(const std::string& span_id);

  bool is_full() const { return spans_.size() >= kSpansMax; }

  // Counts the calls of all spans that are at home here. They have the indices of their spans.
  TraceBill CountCalls() const;

  // Counts the calls of all spans anew, and returns what of that is not stored yet. The spans then
  // have it as if it were.
  TraceChanges Recount();

  // Whether a span counts in another trace.
  bool HasLeft(size_t span) const {
    return spans_[span].has_left() || !spans_[span].host_trace_id().empty();
  }

  const std::string& id() const { return id_; }
  size_t size() const { return spans_.size(); }
  const spans::v1::KeptSpan& operator[](size_t span) const { return spans_[span]; }

 private:
  bool Put(spans::v1::KeptSpan&& span);
  void TakeCompletion(std::optional<Completion> completion, TraceChanges* changes);
  void Take(size_t index, Call call, TraceChanges* changes);

  const std::string id_;
  std::deque<spans::v1::KeptSpan> spans_;  // Their addresses stay.
  absl::flat_hash_map<absl::string_view, size_t> by_id_;
  std::vector<size_t> changed_;  // Those that are new or changed since the last count.
  std::optional<Completion> completion_;
  TraceCounts counts_;
};

}  // namespace itemized::server
