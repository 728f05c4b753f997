// SPDX-License-Identifier: Apache-2.0
#pragma once

// Takes spans of all senders, and makes calls of them that the store then has once.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "itemized/spans/v1/kept_span.pb.h"

#include "server/api/principal.h"
#include "server/api/span_counters.h"
#include "server/otlp/model_extents.h"
#include "server/otlp/open_trace.h"
#include "server/otlp/span_mapping.h"
#include "server/otlp/trace_notes.h"
#include "storage/base/mutex.h"
#include "storage/model/submission.h"

namespace itemized::server {

struct TakenSpan {
  std::string trace_id;  // 16 bytes.
  spans::v1::KeptSpan span;
};

// What became of the spans of a request.
struct SpansResult {
  int64_t accepted = 0;  // New ones, and those that were known.
  int64_t rejected = 0;
  std::string message;  // Says why the first was rejected; "" if none was.
};

// One thread of its own counts the spans of all traces, group by group: a group is stored before
// the next is counted, so that what is in memory is never ahead of the store by more than that.
// Thread-safe.
class SpanAssembler {
 public:
  // Does what IngestQueue::Submit does.
  using Submitter = std::function<void(const Principal&, Submission, SubmitDone)>;
  using Done = std::function<void(absl::StatusOr<SpansResult>)>;

  // How many spans of traces are kept in memory. Others are read from the store when their trace
  // goes on.
  static constexpr size_t kCachedSpansMax = 100'000;

  // `counters` outlive it. Spans are to be read by `mapping`.
  SpanAssembler(Submitter submit, NoteReader read_notes, SpanMapping mapping,
                SpanCounters& counters, size_t cached_spans_max = kCachedSpansMax);
  // Everything must have been answered.
  ~SpanAssembler();
  SpanAssembler(const SpanAssembler&) = delete;
  SpanAssembler& operator=(const SpanAssembler&) = delete;

  // Counts spans and stores what comes of them; then calls `done`, from a thread of its own, or at
  // once if too many wait: RESOURCE_EXHAUSTED. UNAVAILABLE if the store takes nothing.
  void Take(const Principal& principal, std::vector<TakenSpan> spans, Done done);

  // Waits until everything has been answered.
  void WaitUntilIdle();

  const SpanMapping& mapping() const { return mapping_; }
  SpanCounters& counters() { return counters_; }

 private:
  struct Request {
    Principal principal;
    std::vector<TakenSpan> spans;
    Done done;
    SpansResult result;
  };
  struct Cached {
    std::unique_ptr<OpenTrace> trace;
    std::list<std::string>::iterator place;  // Where it stands in used_.
    size_t spans = 0;                        // How many of its spans are in cached_spans_.
  };
  // What a group changes.
  struct Changes {
    Submission submission;
    std::vector<Request*> owners;  // Who sent the span of each call.
  };

  void Loop();
  void Count(std::vector<Request> group);
  absl::Status AddSpans(std::vector<Request>* group,
                        absl::flat_hash_map<std::string, Request*>* touched);
  void CountScope(const spans::v1::KeptSpan& span);
  absl::StatusOr<OpenTrace*> Find(const std::string& trace_id);
  absl::StatusOr<std::vector<OpenTrace*>> TracesBeside(const std::string& trace_id);
  absl::Status SettleTwins(absl::flat_hash_map<std::string, Request*>* touched,
                           std::vector<Note>* notes);
  Changes Recount(const absl::flat_hash_map<std::string, Request*>& touched,
                  std::vector<Note> notes);
  absl::Status Store(const Principal& principal, Changes changes);
  void Weigh(const absl::flat_hash_map<std::string, Request*>& touched);
  void Forget(const absl::flat_hash_map<std::string, Request*>& touched);
  void Drop(const std::string& trace_id);
  void Trim();

  const Submitter submit_;
  const NoteReader read_notes_;
  const SpanMapping mapping_;
  SpanCounters& counters_;
  const size_t cached_spans_max_;

  // Only the thread uses these.
  absl::flat_hash_map<std::string, Cached> traces_;
  ModelExtents extents_;
  std::list<std::string> used_;  // The ids of traces_, the one that was used last in front.
  size_t cached_spans_ = 0;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Request> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_spans_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // It is the last member, since it uses the others.
};

}  // namespace itemized::server
