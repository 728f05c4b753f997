// SPDX-License-Identifier: Apache-2.0
#include "server/convert/wasted.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"
#include "storage/base/money.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

pb::WasteReason ToMessage(WasteReason reason) {
  switch (reason) {
    case WasteReason::kUnusedStep:
      return pb::WASTE_REASON_UNUSED_STEP;
    case WasteReason::kFailed:
      return pb::WASTE_REASON_FAILED;
    case WasteReason::kAbandoned:
      return pb::WASTE_REASON_ABANDONED;
    case WasteReason::kShortCircuited:
      return pb::WASTE_REASON_SHORT_CIRCUITED;
    case WasteReason::kRetried:
      return pb::WASTE_REASON_RETRIED;
    case WasteReason::kCallFailed:
      return pb::WASTE_REASON_CALL_FAILED;
    case WasteReason::kDuplicatePrompt:
      return pb::WASTE_REASON_DUPLICATE_PROMPT;
  }
  return pb::WASTE_REASON_UNSPECIFIED;
}

// Adds a row for each reason that any call has, by falling cost.
void AddReasons(const WastedByReason& reasons, pb::GetWastedResponse* to) {
  std::vector<size_t> order(kWasteReasonCount);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return reasons[a].cost > reasons[b].cost; });
  for (const size_t reason : order) {
    if (reasons[reason].calls != 0) {
      pb::WastedReasonRow& row = *to->add_reasons();
      row.set_reason(ToMessage(static_cast<WasteReason>(reason)));
      row.set_calls(reasons[reason].calls);
      row.set_wasted_usd(FormatUsd(reasons[reason].cost));
    }
  }
}

}  // namespace

absl::StatusOr<WastedQuery> ToWastedQuery(const pb::GetWastedRequest& request) {
  return ToRankingQuery<WastedQuery>(request);
}

pb::GetWastedResponse ToWastedResponse(const WastedAnswer& answer, int32_t limit) {
  pb::GetWastedResponse to;
  *to.mutable_window() = ToWindowMessage(answer.range);
  to.set_spend_usd(FormatUsd(answer.spend));
  to.set_wasted_usd(FormatUsd(answer.wasted.cost));
  to.set_surfaced_usd(FormatUsd(answer.spend - answer.wasted.cost));
  to.set_calls(answer.calls);
  to.set_wasted_calls(answer.wasted.calls);
  to.set_unpriced_calls(answer.unpriced_calls);
  to.set_wasted_share(answer.spend == 0 ? 0
                                        : static_cast<double>(answer.wasted.cost) /
                                              static_cast<double>(answer.spend));
  AddReasons(answer.reasons, &to);
  const size_t all = answer.rows.size();
  const size_t shown = limit > 0 ? std::min(all, static_cast<size_t>(limit)) : all;
  for (size_t i = 0; i < shown; ++i) {
    const WastedRow& row = answer.rows[i];
    pb::WastedRow& added = *to.add_rows();
    added.set_key(row.key);
    added.set_reason(ToMessage(row.reason));
    added.set_calls(row.wasted.calls);
    added.set_wasted_usd(FormatUsd(row.wasted.cost));
    added.set_spend_usd(FormatUsd(row.spend));
  }
  to.set_rows_omitted(static_cast<int64_t>(all - shown));
  return to;
}

}  // namespace itemized::server
