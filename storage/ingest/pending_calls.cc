// SPDX-License-Identifier: Apache-2.0
#include "storage/ingest/pending_calls.h"

#include <algorithm>
#include <cstddef>

namespace itemized {
namespace {

constexpr size_t kIdsFirst = 8;  // Memory for so many ids is asked for at once.

// Up to so many ids are searched one by one.
constexpr size_t kIdsSearched = 48;

}  // namespace

// Makes the same hash as the fold makes of the call's row.
CallContent PendingCall::Content() const {
  ContentFields fields{.series = series,
                       .time_us = view->time_us,
                       .duration_us = view->duration_us,
                       .status = view->status,
                       .usage_missing = view->usage_missing,
                       .usage = batch->UsageOf(*view)};
  for (const auto& [key, value] : batch->AttributesOf(*view)) {
    fields.attributes = HashAttribute(fields.attributes, batch->Text(key), batch->Text(value));
  }
  return HashContent(fields);
}

const PendingCall* PendingCalls::Find(EventFingerprint id) const {
  if (!map_.empty()) {
    const auto found = map_.find(id);
    return found == map_.end() ? nullptr : &found->second;
  }
  const auto found =
      std::find_if(list_.begin(), list_.end(), [&](const auto& call) { return call.first == id; });
  return found == list_.end() ? nullptr : &found->second;
}

void PendingCalls::Add(EventFingerprint id, const PendingCall& call) {
  if (list_.empty()) {
    list_.reserve(kIdsFirst);
  }
  if (map_.empty() && list_.size() < kIdsSearched) {
    list_.emplace_back(id, call);
    return;
  }
  map_.insert(list_.begin(), list_.end());
  list_.clear();
  map_.emplace(id, call);
}

}  // namespace itemized
