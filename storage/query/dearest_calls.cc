// SPDX-License-Identifier: Apache-2.0
#include "storage/query/dearest_calls.h"

#include <iterator>
#include <utility>

#include "storage/query/run_page.h"

namespace itemized {

bool DearestCalls::Dearer::operator()(const Rank& a, const Rank& b) const {
  const auto& [a_cost, a_time, a_id, a_run] = a;
  const auto& [b_cost, b_time, b_id, b_run] = b;
  return std::tie(b_cost, b_time, a_id, a_run) < std::tie(a_cost, a_time, b_id, b_run);
}

void DearestCalls::Add(BilledCall call) {
  Rank rank(call.cost.picos, call.call.time_us, call.call.event_id, call.call.workflow_id);
  if (last_.has_value() && Dearer()(*last_, rank)) {
    return;
  }
  bytes_ += BytesOf(call);
  kept_.insert({std::move(rank), std::move(call)});
  while (kept_.size() > 1 && (kept_.size() > calls_max_ || bytes_ > bytes_max_)) {
    const auto behind = std::prev(kept_.end());
    bytes_ -= BytesOf(behind->call);
    kept_.erase(behind);
    last_ = std::prev(kept_.end())->rank;
  }
}

std::vector<BilledCall> DearestCalls::Take() {
  std::vector<BilledCall> calls;
  while (!kept_.empty()) {
    calls.push_back(std::move(kept_.extract(kept_.begin()).value().call));
  }
  return calls;
}

}  // namespace itemized
