// SPDX-License-Identifier: Apache-2.0
#pragma once

// One itemized.v1.Event, read from its bytes into views.

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
  int32_t status = 0;  // Number of itemized.v1.CallStatus.
  bool has_usage = false;
  Usage usage;
  std::vector<std::pair<absl::string_view, absl::string_view>> attributes;
};

struct CompletionView {
  int64_t time_us = 0;
  absl::string_view workflow;
  absl::string_view workflow_id;
  int32_t outcome = 0;  // Number of itemized.v1.Outcome.
  std::vector<absl::string_view> unused_steps;

  Completion ToCompletion() const;
};

// Views into the bytes that were decoded.
struct EventView {
  enum class Kind : uint8_t { kNone, kCall, kCompletion };

  Kind kind = Kind::kNone;
  WireCall call;
  CompletionView completion;
};

// Decodes into `event`, whatever it held before. False if malformed.
bool DecodeEvent(absl::string_view bytes, EventView& event);

// The number that storage gives to a status of the wire; those that the wire
// does not know stay unknown.
int32_t StorageStatus(int32_t wire_status);

}  // namespace itemized::server
