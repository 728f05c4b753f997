// SPDX-License-Identifier: Apache-2.0
// What the naive model refuses, from the limits alone.

#include <algorithm>
#include <limits>

#include "storage/model/limits.h"
#include "tests/storage/database/naive_model.h"

namespace itemized::testing {
namespace {

// The length of the UTF-8 sequence at `i`, or 0 if there is none.
size_t SequenceLength(const std::string& text, size_t i) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned lead = byte(i);
  const size_t length = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 0 || lead >= 0xF8 || i + length > text.size()) {
    return 0;
  }
  unsigned code = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0U) != 0x80U) {
      return 0;
    }
    code = code << 6U | (byte(i + k) & 0x3FU);
  }
  constexpr unsigned kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest[length] || surrogate || code > 0x10FFFF ? 0 : length;
}

bool IsUtf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    if (length == 0) {
      return false;
    }
    i += length;
  }
  return true;
}

std::optional<RefusalCode> JudgeNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name.size() > kNameBytesMax) {
      return RefusalCode::kNameTooLong;
    }
    if (!IsUtf8(name)) {
      return RefusalCode::kInvalidUtf8;
    }
  }
  return std::nullopt;
}

bool IsTimeInRange(int64_t time_us, int64_t now_us) {
  return time_us >= kTimeMinUs && time_us <= kTimeMaxUs && time_us <= now_us + kFutureMaxUs;
}

bool AreTokensInRange(const Usage& usage) {
  return std::all_of(usage.counts.begin(), usage.counts.end(),
                     [](int64_t count) { return count >= 0 && count <= kTokensMax; }) &&
         usage[UsageClass::kReasoning] <= usage[UsageClass::kOutput];
}

}  // namespace

std::optional<RefusalCode> NaiveModel::Judge(const Call& call, int64_t now_us) const {
  if (call.step.empty() || call.model.empty() || call.workflow_id.empty()) {
    return RefusalCode::kMissingField;
  }
  std::vector<std::string> names = {call.event_id, call.workflow, call.workflow_id,
                                    call.step,     call.provider, call.model};
  for (const auto& [key, value] : call.attributes) {
    names.push_back(key);
    names.push_back(value);
  }
  if (const auto refused = JudgeNames(names); refused.has_value()) {
    return refused;
  }
  if (call.attributes.size() > kAttributesMax) {
    return RefusalCode::kTooManyAttributes;
  }
  if (call.usage.has_value() && !AreTokensInRange(*call.usage)) {
    return RefusalCode::kTokensOutOfRange;
  }
  if (!IsTimeInRange(call.time_us, now_us)) {
    return RefusalCode::kTimeOutOfRange;
  }
  if (call.duration_us < 0 || call.duration_us > kDurationMaxUs) {
    return RefusalCode::kDurationOutOfRange;
  }
  if (call.status > CallStatus::kCancelled) {
    return RefusalCode::kInvalidEnum;
  }
  if (NaiveCost(rates_, call).value_or(0) > std::numeric_limits<int64_t>::max()) {
    return RefusalCode::kCostOutOfRange;
  }
  return std::nullopt;
}

std::optional<RefusalCode> NaiveModel::Judge(const Completion& completion, int64_t now_us) const {
  if (completion.workflow_id.empty()) {
    return RefusalCode::kMissingField;
  }
  std::vector<std::string> names = completion.unused_steps;
  names.push_back(completion.workflow);
  names.push_back(completion.workflow_id);
  if (const auto refused = JudgeNames(names); refused.has_value()) {
    return refused;
  }
  if (!IsTimeInRange(completion.time_us, now_us)) {
    return RefusalCode::kTimeOutOfRange;
  }
  if (completion.outcome == Outcome::kOpen || completion.outcome > Outcome::kAbandoned) {
    return RefusalCode::kInvalidEnum;
  }
  return std::nullopt;
}

}  // namespace itemized::testing
