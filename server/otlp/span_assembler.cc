// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_assembler.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "server/otlp/known_scopes.h"
#include "server/otlp/trace_notes.h"
#include "server/otlp/twin_places.h"
#include "storage/base/status_macros.h"
#include "storage/model/event_batch.h"

namespace itemized::server {
namespace {

// How many spans may wait, and how many are counted together at most.
constexpr size_t kWaitingSpansMax = 100'000;
constexpr size_t kGroupSpansMax = 5'000;

// How many calls one batch of a submission has at most.
constexpr size_t kBatchCalls = 5'000;

// How many traces are looked at together for calls that several of them tell of.
constexpr size_t kTracesBesideMax = 32;

// Adds to `notes` which runs the calls of a trace are in, as far as they are not named after it.
void NoteRuns(const std::string& trace_id, const std::vector<Call>& calls,
              std::vector<Note>* notes) {
  std::set<absl::string_view> runs = {};
  const std::string own = absl::BytesToHexString(trace_id);
  for (const Call& call : calls) {
    if (call.workflow_id != own && runs.insert(call.workflow_id).second) {
      notes->push_back(NoteOfRun(call.workflow_id, trace_id, call.time_us));
    }
  }
}

}  // namespace

SpanAssembler::SpanAssembler(Submitter submit, NoteReader read_notes, SpanMapping mapping,
                             SpanCounters& counters, size_t cached_spans_max)
    : submit_(std::move(submit)),
      read_notes_(std::move(read_notes)),
      mapping_(std::move(mapping)),
      counters_(counters),
      cached_spans_max_(cached_spans_max),
      extents_(read_notes_),
      thread_([this] { Loop(); }) {}

SpanAssembler::~SpanAssembler() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SpanAssembler::Take(const Principal& principal, std::vector<TakenSpan> spans, Done done) {
  {
    const MutexLock lock(mutex_);
    if (waiting_.empty() || waiting_spans_ + spans.size() <= kWaitingSpansMax) {
      waiting_spans_ += spans.size();
      ++unanswered_;
      waiting_.push_back({principal, std::move(spans), std::move(done), {}});
      changed_.notify_all();
      return;
    }
  }
  done(absl::ResourceExhaustedError("Too many spans wait; send these again in a moment."));
}

void SpanAssembler::WaitUntilIdle() {
  const MutexLock lock(mutex_);
  while (unanswered_ > 0) {
    changed_.wait(mutex_);
  }
}

void SpanAssembler::Loop() {
  pthread_setname_np(pthread_self(), "spans");
  while (true) {
    std::vector<Request> group;
    {
      const MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) {
        changed_.wait(mutex_);
      }
      if (waiting_.empty()) {
        return;
      }
      size_t spans = 0;
      while (!waiting_.empty() &&
             (group.empty() || spans + waiting_.front().spans.size() <= kGroupSpansMax)) {
        spans += waiting_.front().spans.size();
        group.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
      waiting_spans_ -= spans;
    }
    Count(std::move(group));
  }
}

void SpanAssembler::Count(std::vector<Request> group) {
  absl::flat_hash_map<std::string, Request*> touched;
  std::vector<Note> notes;
  absl::Status status = AddSpans(&group, &touched);
  if (status.ok()) {
    status = SettleTwins(&touched, &notes);
  }
  if (status.ok()) {
    // There is one principal so far; requests of several would be groups of their own.
    status = Store(group.front().principal, Recount(touched, std::move(notes)));
  }
  Weigh(touched);
  if (!status.ok()) {
    Forget(touched);
  }
  Trim();
  for (Request& request : group) {
    request.done(status.ok() ? absl::StatusOr<SpansResult>(request.result) : status);
  }
  const MutexLock lock(mutex_);
  unanswered_ -= group.size();
  changed_.notify_all();
}

absl::Status SpanAssembler::AddSpans(std::vector<Request>* group,
                                     absl::flat_hash_map<std::string, Request*>* touched) {
  for (Request& request : *group) {
    for (TakenSpan& taken : request.spans) {
      touched->emplace(taken.trace_id, &request);
      ASSIGN_OR_RETURN(OpenTrace* const trace, Find(taken.trace_id));
      if (trace->is_full()) {
        ++request.result.rejected;
        ++counters_.rejected;
        request.result.message = absl::StrCat("A trace has more than ", OpenTrace::kSpansMax,
                                              " spans; those beyond are not counted.");
        continue;
      }
      const bool is_new = trace->Add(std::move(taken.span));
      if (is_new) {
        CountScope((*trace)[trace->size() - 1]);
      }
      ++(is_new ? counters_.spans : counters_.duplicates);
      ++request.result.accepted;
    }
  }
  return absl::OkStatus();
}

void SpanAssembler::CountScope(const spans::v1::KeptSpan& span) {
  const bool is_billed = span.role() == spans::v1::SPAN_ROLE_MODEL || span.has_usage();
  if (is_billed && !IsKnownScope(span.scope()) && mapping_.FindScope(span.scope()) == nullptr) {
    counters_.unknown_scopes.Add(span.scope());
  }
}

absl::StatusOr<OpenTrace*> SpanAssembler::Find(const std::string& trace_id) {
  if (const auto found = traces_.find(trace_id); found != traces_.end()) {
    used_.splice(used_.begin(), used_, found->second.place);
    return found->second.trace.get();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<OpenTrace> trace, ReadTrace(read_notes_, trace_id));
  used_.push_front(trace_id);
  OpenTrace* const made = trace.get();
  cached_spans_ += made->size();
  traces_[trace_id] = {std::move(trace), used_.begin(), made->size()};
  return made;
}

// Returns the trace, those that may tell of the same calls, and those that may tell of theirs.
absl::StatusOr<std::vector<OpenTrace*>> SpanAssembler::TracesBeside(const std::string& trace_id) {
  std::vector<OpenTrace*> traces;
  std::vector<std::string> ids = {trace_id};
  for (size_t i = 0; i < ids.size() && traces.size() < kTracesBesideMax; ++i) {
    ASSIGN_OR_RETURN(traces.emplace_back(), Find(ids[i]));
    const OpenTrace& trace = *traces.back();
    ASSIGN_OR_RETURN(std::vector<std::string> beside, extents_.Beside(trace));
    for (size_t span = 0; span < trace.size(); ++span) {
      for (const std::string* other :
           {&trace[span].host_trace_id(), &trace[span].home_trace_id()}) {
        if (!other->empty()) {
          beside.push_back(*other);
        }
      }
    }
    for (std::string& id : beside) {
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
        ids.push_back(std::move(id));
      }
    }
  }
  return traces;
}

// A root that tells of a call of another trace is counted there.
absl::Status SpanAssembler::SettleTwins(absl::flat_hash_map<std::string, Request*>* touched,
                                        std::vector<Note>* notes) {
  std::vector<std::pair<std::string, Request*>> began(touched->begin(), touched->end());
  std::sort(began.begin(), began.end());
  for (const auto& [id, request] : began) {
    RETURN_IF_ERROR(extents_.Update(*traces_.at(id).trace, notes));
  }
  for (const auto& [id, request] : began) {
    ASSIGN_OR_RETURN(const std::vector<OpenTrace*> traces, TracesBeside(id));
    if (traces.size() > 1) {
      for (const OpenTrace* changed : MoveTwins(traces)) {
        touched->emplace(changed->id(), request);
      }
    }
  }
  return absl::OkStatus();
}

SpanAssembler::Changes SpanAssembler::Recount(
    const absl::flat_hash_map<std::string, Request*>& touched, std::vector<Note> notes) {
  Changes changes;
  changes.submission.notes = std::move(notes);
  std::vector<Call> calls;
  std::vector<Completion> completions;
  const auto flush = [&] {
    if (!calls.empty() || !completions.empty()) {
      changes.submission.parts.push_back(MakeBatch(calls, std::exchange(completions, {})));
      calls.clear();
    }
  };
  for (const auto& [id, request] : touched) {
    OpenTrace& trace = *traces_.at(id).trace;
    TraceChanges of_trace = trace.Recount();
    NoteRuns(id, of_trace.calls, &changes.submission.notes);
    for (Call& call : of_trace.calls) {
      calls.push_back(std::move(call));
      changes.owners.push_back(request);
      if (calls.size() >= kBatchCalls) {
        flush();
      }
    }
    counters_.retracted += static_cast<int64_t>(of_trace.retractions.size());
    counters_.merged += of_trace.more.merged;
    counters_.aggregates += of_trace.more.aggregates;
    counters_.without_usage += of_trace.more.without_usage;
    counters_.rootless += of_trace.more.rootless;
    std::move(of_trace.retractions.begin(), of_trace.retractions.end(),
              std::back_inserter(changes.submission.retractions));
    std::move(of_trace.completions.begin(), of_trace.completions.end(),
              std::back_inserter(completions));
    for (const size_t span : of_trace.kept) {
      changes.submission.notes.push_back(NoteOfSpan(trace, span));
    }
  }
  flush();
  return changes;
}

// Calls that the store refuses are those of spans that are rejected.
absl::Status SpanAssembler::Store(const Principal& principal, Changes changes) {
  if (changes.submission.notes.empty()) {
    return absl::OkStatus();  // All of it was known.
  }
  std::vector<size_t> sizes;
  for (const EventBatch& part : changes.submission.parts) {
    sizes.push_back(part.calls.size());
  }
  std::promise<absl::StatusOr<SubmissionResult>> stored;
  submit_(principal, std::move(changes.submission),
          [&](absl::StatusOr<SubmissionResult> result) { stored.set_value(std::move(result)); });
  ASSIGN_OR_RETURN(const SubmissionResult results, stored.get_future().get());
  size_t first = 0;
  for (size_t part = 0; part < results.size(); ++part) {
    for (const Refusal& refusal : results[part].refusals) {
      if (refusal.index < sizes[part]) {
        SpansResult& result = changes.owners[first + refusal.index]->result;
        ++result.rejected;
        --result.accepted;
        ++counters_.rejected;
        result.message = refusal.message;
      }
    }
    first += sizes[part];
  }
  return absl::OkStatus();
}

// Brings cached_spans_ up to what these traces have now, guests among it.
void SpanAssembler::Weigh(const absl::flat_hash_map<std::string, Request*>& touched) {
  for (const auto& [id, request] : touched) {
    if (const auto found = traces_.find(id); found != traces_.end()) {
      Cached& cached = found->second;
      cached_spans_ -= std::exchange(cached.spans, cached.trace->size());
      cached_spans_ += cached.spans;
    }
  }
}

void SpanAssembler::Forget(const absl::flat_hash_map<std::string, Request*>& touched) {
  extents_.Trim(/*all=*/true);
  for (const auto& [id, request] : touched) {
    Drop(id);
  }
}

void SpanAssembler::Drop(const std::string& trace_id) {
  if (const auto found = traces_.find(trace_id); found != traces_.end()) {
    cached_spans_ -= found->second.spans;
    used_.erase(found->second.place);
    traces_.erase(found);
  }
}

// Lets go of the traces that were not used for longest.
void SpanAssembler::Trim() {
  extents_.Trim(/*all=*/false);
  while (cached_spans_ > cached_spans_max_ && used_.size() > 1) {
    Drop(std::string(used_.back()));
  }
}

}  // namespace itemized::server
