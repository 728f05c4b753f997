// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an application reports: model calls, and the completions that end runs. These are plain
// values; tracer.h sends them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/usage_classes.h"

namespace itemized::client {

// Usage of one call: a count for each class of the table in storage/base/usage_classes.h, such as
// input_tokens, cache_read_tokens and output_tokens. The classes are disjoint: a token is counted
// in exactly one of them, except reasoning_tokens, which is a part of output_tokens. Providers
// that report inclusive counts (OpenAI, Google) have to be split by the caller.
struct Usage {
#define ITEMIZED_COUNT(number, column, constant, count, ...) int64_t count = 0;
  ITEMIZED_USAGE_CLASSES(ITEMIZED_COUNT)
#undef ITEMIZED_COUNT
};

// The counts of a Usage, each at the place of its class's number.
inline constexpr std::array kUsageCounts = {
#define ITEMIZED_COUNT(number, column, constant, count, ...) &Usage::count,
    ITEMIZED_USAGE_CLASSES(ITEMIZED_COUNT)
#undef ITEMIZED_COUNT
};

enum class CallStatus : uint8_t {
  kOk,
  kError,      // The provider or the network failed the call.
  kCancelled,  // The caller gave up, for instance on a stream.
};

// How a run of a workflow ended.
enum class Outcome : uint8_t {
  kCompleted,       // A user received the output.
  kFailed,          // It ended in an error.
  kShortCircuited,  // It ended early by design; some steps were in vain.
  kAbandoned,       // Nobody waited for the output.
};

using Attributes = std::vector<std::pair<std::string, std::string>>;

// One model call. Limits: names and ids 200 bytes, 64 attributes (corrections.h).
struct Call {
  std::string event_id = {};        // If it is empty, the tracer makes one.
  int64_t time_us = 0;              // When the call ended, in Unix microseconds; 0 means now.
  std::string workflow = {};        // The kind of task; may be empty.
  std::string workflow_id = {};     // The run of the workflow; required.
  std::string step = {};            // The node of the agent graph; required.
  std::string provider = {};        // May be empty.
  std::string model = {};           // The model that the response names; required.
  std::optional<Usage> usage = {};  // If it is absent, none was reported: the call is not priced.
  int64_t duration_us = 0;          // Wall time in microseconds.
  CallStatus status = CallStatus::kOk;
  Attributes attributes = {};
};

// The end of a run. If several are sent, the latest by time_us holds.
struct Completion {
  int64_t time_us = 0;        // When the run ended, in Unix microseconds; 0 means now.
  std::string workflow = {};  // If it is empty, the run's calls say which workflow it is.
  std::string workflow_id = {};
  Outcome outcome = Outcome::kCompleted;
  std::vector<std::string> unused_steps = {};  // Steps whose output no user saw.
};

// Calls, and completions, in the order they were recorded.
struct Chunk {
  std::vector<Call> calls;
  std::vector<Completion> completions;
};

// An event that was not stored, and why.
struct RefusedEvent {
  std::string event_id;  // Empty for a completion.
  std::string workflow_id;
  std::string step;     // Empty for a completion.
  std::string message;  // A sentence that says what to mend.
};

}  // namespace itemized::client
