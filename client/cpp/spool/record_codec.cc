// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/record_codec.h"

#include <cstddef>
#include <utility>

#include "storage/base/bytes.h"

namespace itemized::client {

namespace {

// What stands before the counts: whether there are any, and of how many classes. Records of the
// first classes say 1, whatever classes came later, so that all releases read them.
constexpr uint64_t kNoUsage = 0;
constexpr uint64_t kFirstClasses = 1;
constexpr size_t kFirstClassCount = 12;
static_assert(kUsageCounts.size() >= kFirstClassCount);

constexpr uint64_t PresenceOf(size_t classes) {
  return classes == kFirstClassCount ? kFirstClasses : classes;
}

bool ReadText(absl::string_view* in, std::string* text) {
  absl::string_view bytes;
  if (!ReadSized(in, &bytes)) {
    return false;
  }
  text->assign(bytes.data(), bytes.size());
  return true;
}

bool ReadUsage(absl::string_view* in, std::optional<Usage>* usage) {
  uint64_t presence = 0;
  if (!ReadVarint(in, &presence)) {
    return false;
  }
  if (presence == kNoUsage) {
    return true;
  }
  const size_t classes = presence == kFirstClasses ? kFirstClassCount : presence;
  if (classes < kFirstClassCount || classes > kUsageCounts.size()) {
    return false;
  }
  Usage& tokens = usage->emplace();
  for (size_t c = 0; c < classes; ++c) {
    if (!ReadZigzag(in, &(tokens.*kUsageCounts[c]))) {
      return false;
    }
  }
  return true;
}

// The length of a list that has at least one byte for each element, so that memory is bounded.
bool ReadCount(absl::string_view* in, uint64_t* count) {
  return ReadVarint(in, count) && *count <= in->size();
}

bool ReadAttributes(absl::string_view* in, Attributes* attributes) {
  uint64_t count = 0;
  if (!ReadCount(in, &count)) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    auto& [key, value] = attributes->emplace_back();
    if (!ReadText(in, &key) || !ReadText(in, &value)) {
      return false;
    }
  }
  return true;
}

template <typename Enum>
bool ReadEnum(absl::string_view* in, Enum last, Enum* value) {
  uint64_t number = 0;
  if (!ReadVarint(in, &number) || number > static_cast<uint64_t>(last)) {
    return false;
  }
  *value = static_cast<Enum>(number);
  return true;
}

}  // namespace

void AppendRecord(const Call& call, std::string* out) {
  for (const std::string* name : {&call.event_id, &call.workflow, &call.workflow_id, &call.step,
                                  &call.provider, &call.model}) {
    AppendSized(out, *name);
  }
  AppendZigzag(out, call.time_us);
  AppendZigzag(out, call.duration_us);
  AppendVarint(out, static_cast<uint64_t>(call.status));
  AppendVarint(out, call.usage.has_value() ? PresenceOf(kUsageCounts.size()) : kNoUsage);
  if (call.usage.has_value()) {
    for (const auto field : kUsageCounts) {
      AppendZigzag(out, (*call.usage).*field);
    }
  }
  AppendVarint(out, call.attributes.size());
  for (const auto& [key, value] : call.attributes) {
    AppendSized(out, key);
    AppendSized(out, value);
  }
}

void AppendRecord(const Completion& completion, std::string* out) {
  AppendSized(out, completion.workflow);
  AppendSized(out, completion.workflow_id);
  AppendZigzag(out, completion.time_us);
  AppendVarint(out, static_cast<uint64_t>(completion.outcome));
  AppendVarint(out, completion.unused_steps.size());
  for (const std::string& step : completion.unused_steps) {
    AppendSized(out, step);
  }
}

bool ParseRecord(absl::string_view bytes, Call* call) {
  *call = Call();
  for (std::string* name : {&call->event_id, &call->workflow, &call->workflow_id, &call->step,
                            &call->provider, &call->model}) {
    if (!ReadText(&bytes, name)) {
      return false;
    }
  }
  return ReadZigzag(&bytes, &call->time_us) && ReadZigzag(&bytes, &call->duration_us) &&
         ReadEnum(&bytes, CallStatus::kCancelled, &call->status) &&
         ReadUsage(&bytes, &call->usage) && ReadAttributes(&bytes, &call->attributes) &&
         bytes.empty();
}

bool ParseRecord(absl::string_view bytes, Completion* completion) {
  *completion = Completion();
  uint64_t count = 0;
  if (!ReadText(&bytes, &completion->workflow) || !ReadText(&bytes, &completion->workflow_id) ||
      !ReadZigzag(&bytes, &completion->time_us) ||
      !ReadEnum(&bytes, Outcome::kAbandoned, &completion->outcome) || !ReadCount(&bytes, &count)) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (!ReadText(&bytes, &completion->unused_steps.emplace_back())) {
      return false;
    }
  }
  return bytes.empty();
}

}  // namespace itemized::client
