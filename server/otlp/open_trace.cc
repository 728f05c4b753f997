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
  if (!by_id_.contains(span.span_id())) {
    spans_.push_back(std::move(span));
    by_id_.emplace(spans_.back().span_id(), spans_.size() - 1);
  }
}

std::vector<const KeptSpan*> OpenTrace::Pointers() const {
  std::vector<const KeptSpan*> pointers;
  pointers.reserve(spans_.size());
  for (const KeptSpan& span : spans_) {
    pointers.push_back(&span);
  }
  return pointers;
}

void OpenTrace::FinishRestoring() {
  if (!spans_.empty()) {
    const TraceBill bill = CountTrace(id_, Pointers());
    completion_ = bill.completion;
    counts_ = bill.Counts();
  }
}

bool OpenTrace::Add(KeptSpan span) {
  if (by_id_.contains(span.span_id())) {
    return false;
  }
  added_.push_back(spans_.size());
  Restore(std::move(span));
  return true;
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

TraceChanges OpenTrace::Recount() {
  TraceChanges changes;
  if (added_.empty()) {
    return changes;
  }
  changes.kept = std::exchange(added_, {});
  TraceBill bill = CountTrace(id_, Pointers());
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
  if (bill.completion != completion_) {
    completion_ = bill.completion;
    changes.completion = std::move(bill.completion);
  }
  std::sort(changes.kept.begin(), changes.kept.end());
  changes.kept.erase(std::unique(changes.kept.begin(), changes.kept.end()), changes.kept.end());
  return changes;
}

}  // namespace itemized::server
