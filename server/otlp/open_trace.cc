// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/open_trace.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/otlp/trace_calls.h"
#include "storage/base/bytes.h"

namespace itemized::server {
namespace {

using spans::v1::KeptSpan;

// A hash of all that a call says, but for its revision.
uint64_t ContentOf(const Call& call) {
  std::string bytes;
  for (const std::string* text : {&call.event_id, &call.workflow, &call.workflow_id, &call.step,
                                  &call.provider, &call.model}) {
    AppendSized(&bytes, *text);
  }
  AppendZigzag(&bytes, call.time_us);
  AppendZigzag(&bytes, call.duration_us);
  bytes.push_back(static_cast<char>(call.status));
  bytes.push_back(
      static_cast<char>((call.usage.has_value() ? 1 : 0) | (call.usage_unknown ? 2 : 0)));
  for (const int64_t count : call.usage.value_or(Usage()).counts) {
    AppendZigzag(&bytes, count);
  }
  AppendZigzag(&bytes, call.reported_cost_picos.value_or(-1));
  for (const auto& [key, value] : call.attributes) {
    AppendSized(&bytes, key);
    AppendSized(&bytes, value);
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace

void OpenTrace::Restore(KeptSpan span) {
  Put(std::move(span));
}

// A reference spares moves, of which each costs as much as a few attributes.
bool OpenTrace::Put(KeptSpan&& span) {
  if (by_id_.contains(span.span_id())) {
    return false;
  }
  spans_.push_back(std::move(span));
  by_id_.emplace(spans_.back().span_id(), spans_.size() - 1);
  return true;
}

TraceBill OpenTrace::CountCalls() const {
  std::vector<const KeptSpan*> pointers;
  std::vector<size_t> indices;
  pointers.reserve(spans_.size());
  indices.reserve(spans_.size());
  for (size_t i = 0; i < spans_.size(); ++i) {
    if (!HasLeft(i)) {
      pointers.push_back(&spans_[i]);
      indices.push_back(i);
    }
  }
  TraceBill bill = CountTrace(id_, pointers);
  for (TraceCall& call : bill.calls) {
    call.span = indices[call.span];
    for (size_t& merged : call.merged) {
      merged = indices[merged];
    }
  }
  return bill;
}

void OpenTrace::FinishRestoring() {
  if (!spans_.empty()) {
    const TraceBill bill = CountCalls();
    completion_ = bill.completion;
    counts_ = bill.Counts();
  }
}

bool OpenTrace::Add(KeptSpan span) {
  if (!Put(std::move(span))) {
    return false;
  }
  changed_.push_back(spans_.size() - 1);
  return true;
}

void OpenTrace::SetHost(size_t span, const std::string& host_trace, const std::string& host_span) {
  spans_[span].set_host_trace_id(host_trace);
  spans_[span].set_host_span_id(host_span);
  changed_.push_back(span);
}

bool OpenTrace::PutGuest(const KeptSpan& span, const std::string& home,
                         const std::string& host_span) {
  if (const auto found = by_id_.find(span.span_id()); found != by_id_.end()) {
    KeptSpan& known = spans_[found->second];
    if (known.home_trace_id() != home) {
      return false;
    }
    known.set_has_left(false);
    known.set_parent_span_id(host_span);
    changed_.push_back(found->second);
    return true;
  }
  KeptSpan guest = span;
  guest.set_parent_span_id(host_span);
  guest.set_home_trace_id(home);
  guest.clear_host_trace_id();
  guest.clear_host_span_id();
  guest.clear_revision();
  guest.clear_is_counted();
  guest.clear_content();
  guest.clear_workflow_id();
  return Add(std::move(guest));
}

void OpenTrace::DropGuest(const std::string& span_id) {
  if (const auto found = by_id_.find(span_id); found != by_id_.end()) {
    spans_[found->second].set_has_left(true);
    changed_.push_back(found->second);
  }
}

// Puts a call among the changes unless it is stored as it stands.
void OpenTrace::Take(size_t index, Call call, TraceChanges* changes) {
  KeptSpan& span = spans_[index];
  const uint64_t content = ContentOf(call);
  if (span.is_counted() && span.content() == content) {
    return;
  }
  if (span.is_counted() && span.workflow_id() != call.workflow_id) {
    changes->retractions.push_back({span.workflow_id(), call.event_id});
  }
  span.set_revision(span.revision() + 1);
  span.set_is_counted(true);
  span.set_content(content);
  span.set_workflow_id(call.workflow_id);
  call.revision = span.revision() - 1;
  changes->calls.push_back(std::move(call));
  changes->kept.push_back(index);
}

// A completion of another run, or none, takes the one before back.
void OpenTrace::TakeCompletion(std::optional<Completion> completion, TraceChanges* changes) {
  if (completion == completion_) {
    return;
  }
  if (completion_.has_value() &&
      (!completion.has_value() || completion->workflow_id != completion_->workflow_id)) {
    completion_->takes_back = true;
    changes->completions.push_back(*std::move(completion_));
  }
  if (completion.has_value()) {
    changes->completions.push_back(*completion);
  }
  completion_ = std::move(completion);
}

TraceChanges OpenTrace::Recount() {
  TraceChanges changes;
  if (changed_.empty()) {
    return changes;
  }
  changes.kept = std::exchange(changed_, {});
  TraceBill bill = CountCalls();
  changes.more = bill.Counts() - std::exchange(counts_, bill.Counts());
  std::vector<char> is_call(spans_.size(), 0);
  for (TraceCall& call : bill.calls) {
    is_call[call.span] = 1;
    Take(call.span, std::move(call.call), &changes);
  }
  for (size_t i = 0; i < spans_.size(); ++i) {
    KeptSpan& span = spans_[i];
    if (span.is_counted() && is_call[i] == 0) {
      changes.retractions.push_back({span.workflow_id(), absl::BytesToHexString(span.span_id())});
      span.set_is_counted(false);
      changes.kept.push_back(i);
    }
  }
  TakeCompletion(std::move(bill.completion), &changes);
  std::sort(changes.kept.begin(), changes.kept.end());
  changes.kept.erase(std::unique(changes.kept.begin(), changes.kept.end()), changes.kept.end());
  return changes;
}

}  // namespace itemized::server
