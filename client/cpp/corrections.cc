// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/corrections.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <openssl/sha.h>

#include "client/cpp/utf8.h"
#include "storage/base/time.h"

namespace itemized::client {

namespace {

// The limits are those of the server (storage/model/limits.h).
constexpr size_t kNameBytesMax = 200;
constexpr size_t kAttributesMax = 64;
constexpr size_t kUnusedStepsMax = 1'000;
constexpr int64_t kDurationMaxUs = 30 * kMicrosPerDay;

constexpr size_t kHashBytes = 16;  // What is kept of a SHA-256; its digits are twice as many.
constexpr size_t kCodePointBytesMax = 4;
constexpr size_t kShownBytesMax = 60;

using Of = Correction::Of;
using Corrections = std::vector<Correction>;

std::string Shown(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kShownBytesMax)),
                      text.size() > kShownBytesMax ? "...\"" : "\"");
}

std::string HashOf(absl::string_view text) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), kHashBytes));
}

bool IsName(absl::string_view text) {
  return text.size() <= kNameBytesMax && IsValidUtf8(text);
}

// `text` with \xff for each byte that belongs to no code point, up to as many bytes as
// an id has.
std::string Escaped(absl::string_view text) {
  std::string escaped;
  while (!text.empty() && escaped.size() < kNameBytesMax) {
    size_t size = 1;
    while (size <= kCodePointBytesMax && !IsValidUtf8(text.substr(0, size))) {
      ++size;
    }
    if (size > kCodePointBytesMax) {
      size = 1;
      absl::StrAppend(&escaped, "\\x", absl::Hex(static_cast<uint8_t>(text[0]), absl::kZeroPad2));
    } else {
      absl::StrAppend(&escaped, text.substr(0, size));
    }
    text.remove_prefix(std::min(size, text.size()));
  }
  return escaped;
}

void CorrectId(Of of, const char* what, std::string* id, Corrections* corrections) {
  if (IsName(*id)) {
    return;
  }
  corrections->push_back(
      {of, absl::StrCat("The ", what, " ", Shown(*id),
                        " has more than 200 bytes or is not UTF-8: a hash takes the place of its "
                        "end; give a shorter one in UTF-8.")});
  const std::string tail = absl::StrCat("~", HashOf(*id));
  std::string head = Escaped(*id).substr(0, kNameBytesMax - tail.size());
  while (!IsValidUtf8(head)) {
    head.pop_back();
  }
  *id = head + tail;
}

void CorrectTime(int64_t now_us, int64_t* time_us, Corrections* corrections) {
  if (*time_us >= kTimeMinUs && *time_us < kTimeMaxUs) {
    return;
  }
  corrections->push_back(
      {Of::kTime, absl::StrCat("The time ", *time_us,
                               " us is outside 1970 to 2200: the time of recording takes its "
                               "place; give microseconds since 1970-01-01 UTC.")});
  *time_us = now_us;
}

void CorrectAttributes(Attributes* attributes, Corrections* corrections) {
  const auto is_bad = [corrections](const std::pair<std::string, std::string>& attribute) {
    const auto& [key, value] = attribute;
    if (!key.empty() && IsName(key) && IsName(value)) {
      return false;
    }
    corrections->push_back(
        {Of::kAttribute, absl::StrCat("The attribute ", Shown(key), " = ", Shown(value),
                                      " is left out of its call: name it, and give both as UTF-8 "
                                      "of at most 200 bytes.")});
    return true;
  };
  attributes->erase(std::remove_if(attributes->begin(), attributes->end(), is_bad),
                    attributes->end());
  if (attributes->size() > kAttributesMax) {
    corrections->push_back(
        {Of::kAttribute,
         absl::StrCat("A call has ", attributes->size(), " attributes: those beyond ",
                      kAttributesMax, " are left out; give it fewer.")});
    attributes->resize(kAttributesMax);
  }
}

void CorrectUnusedSteps(std::vector<std::string>* steps, Corrections* corrections) {
  const auto is_bad = [corrections](const std::string& step) {
    if (!step.empty() && IsName(step)) {
      return false;
    }
    corrections->push_back(
        {Of::kUnusedStep, absl::StrCat("The unused step ", Shown(step),
                                       " is left out of its completion: name it, as UTF-8 of at "
                                       "most 200 bytes.")});
    return true;
  };
  steps->erase(std::remove_if(steps->begin(), steps->end(), is_bad), steps->end());
  if (steps->size() > kUnusedStepsMax) {
    corrections->push_back(
        {Of::kUnusedStep,
         absl::StrCat("A completion names ", steps->size(), " unused steps: those beyond ",
                      kUnusedStepsMax, " are left out; name each step once.")});
    steps->resize(kUnusedStepsMax);
  }
}

}  // namespace

Corrections Correct(int64_t now_us, Call* call) {
  Corrections corrections;
  CorrectId(Of::kEventId, "event_id", &call->event_id, &corrections);
  CorrectId(Of::kWorkflowId, "workflow_id", &call->workflow_id, &corrections);
  CorrectTime(now_us, &call->time_us, &corrections);
  if (call->duration_us < 0 || call->duration_us > kDurationMaxUs) {
    corrections.push_back(
        {Of::kDuration, absl::StrCat("The duration ", call->duration_us,
                                     " us is not between 0 and 30 days: the call is kept with 0; "
                                     "give microseconds.")});
    call->duration_us = 0;
  }
  if (call->status > CallStatus::kCancelled) {
    corrections.push_back(
        {Of::kStatus, absl::StrCat("The status ", static_cast<int>(call->status),
                                   " is none: the call is kept as kError; give kOk, kError or "
                                   "kCancelled.")});
    call->status = CallStatus::kError;
  }
  CorrectAttributes(&call->attributes, &corrections);
  return corrections;
}

Corrections Correct(int64_t now_us, Completion* completion) {
  Corrections corrections;
  CorrectId(Of::kWorkflowId, "workflow_id", &completion->workflow_id, &corrections);
  CorrectTime(now_us, &completion->time_us, &corrections);
  if (!IsName(completion->workflow)) {
    corrections.push_back(
        {Of::kWorkflow, absl::StrCat("The workflow ", Shown(completion->workflow),
                                     " is left out of a completion: give UTF-8 of at most 200 "
                                     "bytes.")});
    completion->workflow.clear();
  }
  if (completion->outcome > Outcome::kAbandoned) {
    corrections.push_back(
        {Of::kOutcome, absl::StrCat("The outcome ", static_cast<int>(completion->outcome),
                                    " is none: the run ends as kFailed; give kCompleted, kFailed, "
                                    "kShortCircuited or kAbandoned.")});
    completion->outcome = Outcome::kFailed;
  }
  CorrectUnusedSteps(&completion->unused_steps, &corrections);
  return corrections;
}

}  // namespace itemized::client
