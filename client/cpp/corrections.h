// SPDX-License-Identifier: Apache-2.0
#pragma once

// A value that no server takes is replaced or left out, and told, where the rest of its record is
// worth more than it. Names and token counts are not corrected: the server refuses the one call
// that has a bad one.

#include <cstdint>
#include <string>
#include <vector>

#include "client/cpp/call.h"

namespace itemized::client {

// What was corrected in a record.
struct Correction {
  enum class Of : uint8_t {
    kEventId,
    kWorkflowId,
    kWorkflow,
    kTime,
    kDuration,
    kStatus,
    kOutcome,
    kAttribute,
    kUnusedStep,
  };

  Of of;
  std::string sentence;  // What an operator is told.
};

// These correct a record in place, and return what they did:
// - An id of more than 200 bytes, or not UTF-8, gets a hash of all of it in the place
//   of its end, as in the Python client: two that differ stay different.
// - A time outside 1970 to 2200 becomes `now_us`, a duration below 0 or above 30 days 0.
// - A status that is none becomes kError, an outcome that is none kFailed, so that the
//   run ends.
// - Attributes and unused steps that are too long, not UTF-8, unnamed or too many are
//   left out, and so is such a workflow of a completion, which its calls name too.
std::vector<Correction> Correct(int64_t now_us, Call* call);
std::vector<Correction> Correct(int64_t now_us, Completion* completion);

}  // namespace itemized::client
