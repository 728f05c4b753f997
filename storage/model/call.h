// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/model: calls, completions and batches as plain values, and what is allowed in them.
// May use base.

// There are two kinds of event: a model call, and the completion that ends a run.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/model/usage.h"

namespace itemized {

// PERSISTED: never change or reuse a number.
enum class CallStatus : uint8_t { kOk = 0, kError = 1, kCancelled = 2 };

// PERSISTED: never change or reuse a number.
enum class Outcome : uint8_t {
  kOpen = 0,  // The run has no completion yet. No Completion has this outcome.
  kCompleted = 1,
  kFailed = 2,
  kShortCircuited = 3,
  kAbandoned = 4,
};
inline constexpr int kOutcomeCount = 5;

// The price of one call, settled when it was stored or priced again.
struct CallCost {
  int64_t picos = 0;      // 10^-12 USD; 0 while unpriced.
  bool unpriced = false;  // No rate covers the call, or it came without usage.
  bool reported = false;  // It is what the provider said that it charged, and no rate made it.

  bool operator==(const CallCost&) const = default;
};

using Attributes = std::vector<std::pair<std::string, std::string>>;

// One model call as it is reported.
struct Call {
  std::string event_id;  // If it is empty, every delivery of the call counts.
  int64_t time_us = 0;   // When the call ended.
  std::string workflow;
  std::string workflow_id;
  std::string step;
  std::string provider;
  std::string model;  // The model that the response names.
  // If it is absent, none was reported. The call is then unpriced, or free if it failed.
  std::optional<Usage> usage;
  // Usage was reported, but could not be counted: it is absent, and a failed call is not free.
  bool usage_unknown = false;
  // What the provider or a gateway says that it charged, 10^-12 USD. It stands beside the cost.
  std::optional<int64_t> reported_cost_picos = {};
  // The numbers that the provider reported as usage, and their names, as JSON; "" if none is kept.
  std::string reported_usage = {};
  int64_t duration_us = 0;
  CallStatus status = CallStatus::kOk;
  Attributes attributes;  // Sorted by key once the call is stored.
  // Which version of the call this is. A higher one takes the place of the one that is stored
  // under its id, a lower one is out of date. 0 if the sender has no versions.
  uint32_t revision = 0;

  bool operator==(const Call&) const = default;
};

// The end of a run. If several are sent, the latest by time_us holds.
struct Completion {
  int64_t time_us = 0;
  std::string workflow;  // If it is empty, the run's calls say which workflow it is.
  std::string workflow_id;
  Outcome outcome = Outcome::kCompleted;
  std::vector<std::string> unused_steps;
  // The run has no completion any more, unless a later one is in force; `outcome` says nothing.
  bool takes_back = false;

  bool operator==(const Completion&) const = default;
};

// What the cost of a call was compared with when it was judged: on arrival, or when a rate
// that came later first priced it.
struct OutlierReceipt {
  int64_t p50_picos = 0;            // Rolling median of the step; 0 while learning.
  int64_t sample_count = 0;         // How many calls the median is of.
  bool learning = false;            // History was too short: the default threshold applied.
  bool judged_when_priced = false;  // A rate that came later judged the call, not its arrival.

  bool operator==(const OutlierReceipt&) const = default;
};

// A call as it stands in the bill.
struct BilledCall {
  Call call;
  CallCost cost;
  // Set if the call cost more than its threshold. It is an outlier only if that was learned.
  std::optional<OutlierReceipt> receipt;
  bool unsurfaced = false;  // No user saw what came of it: its run did not use its step.
  // Why it has no price, in a few words; set by questions that show the calls of a run.
  std::string unpriced_reason = {};

  bool is_outlier() const { return receipt.has_value() && !receipt->learning; }
};

// Names one stored call.
struct CallId {
  std::string workflow_id;
  std::string event_id;
};

}  // namespace itemized
