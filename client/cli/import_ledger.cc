#include "client/cli/import_ledger.h"

#include <iterator>

namespace itemized::cli {

void ImportLedger::Keep(Place place, LineRefusal refusal) {
  refusals_.insert_or_assign(place, std::move(refusal));
  if (refusals_.size() > refusals_max_) {
    refusals_.erase(std::prev(refusals_.end()));
  }
}

void ImportLedger::Refuse(Place place, LineRefusal refusal) {
  const MutexLock lock(mutex_);
  ++totals_.refused;
  Keep(place, std::move(refusal));
}

void ImportLedger::Send(uint64_t sequence, std::vector<Place> places) {
  const MutexLock lock(mutex_);
  totals_.unacknowledged += static_cast<int64_t>(places.size());
  in_flight_.emplace(sequence, std::move(places));
}

void ImportLedger::Acknowledge(uint64_t sequence, const pb::BatchResult& result) {
  const MutexLock lock(mutex_);
  const auto batch = in_flight_.find(sequence);
  if (batch == in_flight_.end()) {
    return;
  }
  const std::vector<Place> places = std::move(batch->second);
  in_flight_.erase(batch);
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

std::vector<std::pair<Place, LineRefusal>> ImportLedger::Refusals() const {
  const MutexLock lock(mutex_);
  return {refusals_.begin(), refusals_.end()};
}

}  // namespace itemized::cli
