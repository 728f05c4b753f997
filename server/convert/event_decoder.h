// SPDX-License-Identifier: Apache-2.0
#pragma once

// This header reads one itemized.v1.Event from its bytes into views.

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/model/call.h"
#include "storage/model/usage.h"

namespace itemized::server {

struct WireCall {
  absl::string_view event_id;
  absl::string_view workflow;
  absl::string_view workflow_id;
  absl::string_view step;
  absl::string_view provider;
  absl::string_view model;
  int64_t time_us = 0;
  int64_t duration_us = 0;
  uint32_t revision = 0;
  int32_t status = 0;            // It is a number of itemized.v1.CallStatus.
  int32_t cache_accounting = 0;  // It is a number of itemized.v1.CacheAccounting.
  bool has_usage = false;
  bool usage_unknown = false;  // It was reported, but could not be counted.
  Usage usage;
  absl::string_view usage_reported;     // JSON. It is empty if there is none.
  absl::string_view kept_report;        // What storage keeps of it.
  absl::string_view reported_cost_usd;  // It is a decimal. It is empty if there is none.
  int64_t reported_cost = 0;            // Pico-dollars plus one; 0 if none was reported.
  absl::string_view service_tier;
  absl::string_view region;
  std::vector<std::pair<absl::string_view, absl::string_view>> attributes;
};

struct CompletionView {
  int64_t time_us = 0;
  absl::string_view workflow;
  absl::string_view workflow_id;
  int32_t outcome = 0;  // It is a number of itemized.v1.Outcome.
  std::vector<absl::string_view> unused_steps;

  Completion ToCompletion() const;
};

// Holds a call or a completion, whose views point into the bytes that were decoded.
struct EventView {
  enum class Kind : uint8_t { kNone, kCall, kCompletion };

  Kind kind = Kind::kNone;
  WireCall call;
  CompletionView completion;
};

// Decodes into `event`, whatever it held before. Returns false if the bytes are malformed.
bool DecodeEvent(absl::string_view bytes, EventView& event);

// Returns the number that storage gives to a status of the wire; those that the wire
// does not know stay unknown.
int32_t StorageStatus(int32_t wire_status);

}  // namespace itemized::server
