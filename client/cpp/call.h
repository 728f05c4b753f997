// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an application reports: model calls and the completions that end runs.
// Plain values; tracer.h sends them.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace itemized::client {

// Usage of one call in disjoint classes: a token is counted in exactly one of
// them, except reasoning_tokens, which is a part of output_tokens. Providers
// that report inclusive counts (OpenAI, Google) have to be split by the caller.
struct Usage {
  int64_t input_tokens = 0;             // Uncached text input.
  int64_t cache_read_tokens = 0;        // Input served from the provider's prompt cache.
  int64_t cache_write_5m_tokens = 0;    // Input written to the cache for 5 minutes.
  int64_t cache_write_1h_tokens = 0;    // Input written to the cache for 1 hour.
  int64_t output_tokens = 0;            // All text billed as output, reasoning included.
  int64_t reasoning_tokens = 0;         // The part of output_tokens spent on reasoning.
  int64_t input_audio_tokens = 0;       // Uncached audio input.
  int64_t cache_read_audio_tokens = 0;  // Audio input served from the cache.
  int64_t output_audio_tokens = 0;      // Audio output; not part of output_tokens.
  int64_t input_image_tokens = 0;       // Image input billed apart from text.
  int64_t output_image_tokens = 0;      // Image output; not part of output_tokens.
  int64_t web_searches = 0;             // Server-side web searches, requests.
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
  std::string event_id = {};        // Empty: the tracer makes one.
  int64_t time_us = 0;              // When it ended, Unix microseconds; 0: now.
  std::string workflow = {};        // Kind of task; may be empty.
  std::string workflow_id = {};     // The run of the workflow; required.
  std::string step = {};            // Node of the agent graph; required.
  std::string provider = {};        // May be empty.
  std::string model = {};           // The one named in the response; required.
  std::optional<Usage> usage = {};  // Absent: not reported, so not priced.
  int64_t duration_us = 0;          // Wall time, microseconds.
  CallStatus status = CallStatus::kOk;
  Attributes attributes = {};
};

// The end of a run. The latest by time wins.
struct Completion {
  int64_t time_us = 0;        // When the run ended, Unix microseconds; 0: now.
  std::string workflow = {};  // Empty: taken from the run's calls.
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
