// SPDX-License-Identifier: Apache-2.0
#include "client/cli/import_ledger.h"

#include <iterator>

namespace itemized::cli {

void ImportLedger::Keep(Place place, text::LineRefusal refusal) {
  refusals_.insert_or_assign(place, std::move(refusal));
  if (refusals_.size() > refusals_max_) {
    refusals_.erase(std::prev(refusals_.end()));
  }
}

void ImportLedger::Refuse(Place place, text::LineRefusal refusal) {
  const MutexLock lock(mutex_);
  if (place <= last_refused_) {
    return;
  }
  last_refused_ = place;
  ++totals_.refused;
  Keep(place, std::move(refusal));
}

void ImportLedger::Send(BatchPlace batch, std::vector<Place> places) {
  const MutexLock lock(mutex_);
  totals_.unacknowledged += static_cast<int64_t>(places.size());
  in_flight_.emplace(batch, std::move(places));
}

void ImportLedger::Abandon() {
  const MutexLock lock(mutex_);
  in_flight_.clear();
  totals_.unacknowledged = 0;
}

uint64_t ImportLedger::acknowledged(size_t file) const {
  const MutexLock lock(mutex_);
  const auto found = acknowledged_.find(file);
  return found == acknowledged_.end() ? 0 : found->second;
}

void ImportLedger::Acknowledge(BatchPlace batch, const pb::BatchResult& result) {
  const MutexLock lock(mutex_);
  const auto sent = in_flight_.find(batch);
  if (sent == in_flight_.end()) {
    return;
  }
  const std::vector<Place> places = std::move(sent->second);
  in_flight_.erase(sent);
  acknowledged_[batch.file] = batch.sequence;
  totals_.unacknowledged -= static_cast<int64_t>(places.size());
  totals_.accepted += result.accepted();
  totals_.duplicate += result.duplicate();
  totals_.refused += result.refused();
  for (const pb::Refusal& refusal : result.refusals()) {
    if (refusal.index() < places.size()) {
      Keep(places[refusal.index()], {refusal.code(), refusal.message()});
    }
  }
}

ImportTotals ImportLedger::totals() const {
  const MutexLock lock(mutex_);
  return totals_;
}

std::vector<std::pair<Place, text::LineRefusal>> ImportLedger::Refusals() const {
  const MutexLock lock(mutex_);
  return {refusals_.begin(), refusals_.end()};
}

}  // namespace itemized::cli
