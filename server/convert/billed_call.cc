// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "proto/usage_fields.h"

#include "server/convert/page_token.h"
#include "server/convert/query_answers.h"
#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/model/served_as.h"
#include "storage/views/baselines.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

const char* StatusName(CallStatus status) {
  switch (status) {
    case CallStatus::kOk:
      return "ok";
    case CallStatus::kError:
      return "error";
    case CallStatus::kCancelled:
      return "cancelled";
  }
  return "";
}

void SetReceipt(const OutlierReceipt& receipt, int64_t cost_picos, pb::OutlierReceipt* to) {
  const int64_t base = receipt.learning ? kLearningThreshold : receipt.p50_picos;
  const Picos threshold = receipt.learning ? Picos{base} : Picos{base} * kOutlierMultiple;
  to->set_p50_usd(receipt.learning ? "" : FormatUsd(receipt.p50_picos));
  to->set_sample_count(receipt.sample_count);
  to->set_threshold_usd(FormatUsd(threshold));
  to->set_learning(receipt.learning);
  to->set_judged_when_priced(receipt.judged_when_priced);
  to->set_excess_usd(FormatUsd(Picos{cost_picos} - threshold));
  // Free calls have a median of 0, and no multiple of it.
  to->set_multiple(base > 0 ? static_cast<double>(cost_picos) / static_cast<double>(base) : 0);
}

}  // namespace

pb::Usage ToUsage(const Usage& usage) {
  pb::Usage to;
  SetCounts(usage.counts, &to);
  return to;
}

pb::BilledCall ToBilledCall(const BilledCall& billed) {
  const Call& call = billed.call;
  pb::BilledCall to;
  to.set_event_id(call.event_id);
  to.set_time(FormatTime(call.time_us));
  to.set_workflow(call.workflow);
  to.set_workflow_id(call.workflow_id);
  to.set_step(call.step);
  to.set_provider(call.provider);
  to.set_model(call.model);
  if (call.usage.has_value()) {
    *to.mutable_usage() = ToUsage(*call.usage);
  }
  to.set_duration_ms(static_cast<double>(call.duration_us) / 1000);
  to.set_status(StatusName(call.status));
  if (call.revision != 0) {
    to.set_revision(call.revision);
  }
  for (const auto& [key, value] : call.attributes) {
    if (key == kServiceTierAttribute) {
      to.set_service_tier(value);
    } else if (key == kRegionAttribute) {
      to.set_region(value);
    } else {
      (*to.mutable_attributes())[key] = value;
    }
  }
  to.set_unpriced(billed.cost.unpriced);
  if (!billed.unpriced_reason.empty()) {
    to.set_unpriced_reason(billed.unpriced_reason);
  }
  to.set_cost_usd(billed.cost.unpriced ? "" : FormatUsd(billed.cost.picos));
  if (call.reported_cost_picos.has_value()) {
    to.set_reported_cost_usd(FormatUsd(*call.reported_cost_picos));
  }
  to.set_cost_is_reported(billed.cost.reported);
  to.set_is_outlier(billed.is_outlier());
  if (billed.receipt.has_value()) {
    SetReceipt(*billed.receipt, billed.cost.picos, to.mutable_receipt());
  }
  to.set_unsurfaced(billed.unsurfaced);
  return to;
}

pb::GetRunResponse ToRunResponse(const RunAnswer& answer, bool with_usage_reported) {
  pb::GetRunResponse to;
  to.set_workflow(answer.workflow);
  to.set_workflow_id(answer.workflow_id);
  to.set_outcome(static_cast<pb::Outcome>(answer.outcome));
  if (answer.outcome != Outcome::kOpen) {
    to.set_completed_at(FormatTime(answer.completed_at_us));
  }
  to.set_cost_usd(FormatUsd(answer.cost));
  to.set_unsurfaced_usd(FormatUsd(answer.unsurfaced));
  for (const std::string& step : answer.unused_steps) {
    to.add_unused_steps(step);
  }
  to.set_unpriced_calls(answer.unpriced_calls);
  to.set_call_count(answer.call_count);
  if (answer.next.has_value()) {
    to.set_next_page_token(ToPageToken(answer.workflow_id, *answer.next));
  }
  to.mutable_calls()->Reserve(static_cast<int>(answer.calls.size()));
  for (const BilledCall& billed : answer.calls) {
    *to.add_calls() = ToBilledCall(billed);
    if (with_usage_reported && !billed.call.reported_usage.empty()) {
      to.mutable_calls()->rbegin()->set_usage_reported(billed.call.reported_usage);
    }
  }
  return to;
}

}  // namespace itemized::server
