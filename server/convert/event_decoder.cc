// SPDX-License-Identifier: Apache-2.0
#include "server/convert/event_decoder.h"

#include <algorithm>
#include <limits>

#include "itemized/v1/event.pb.h"

#include "server/convert/wire_reader.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

static_assert(pb::OUTCOME_ABANDONED == static_cast<int>(Outcome::kAbandoned));

// A field of Usage has the number of its class plus one.
bool DecodeUsage(absl::string_view bytes, Usage& usage) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.is_varint() && reader.number() <= kUsageClassCount) {
      usage.counts[reader.number() - 1] = static_cast<int64_t>(reader.varint());
    }
  }
  return reader.ok();
}

bool DecodeAttribute(absl::string_view bytes, WireCall& call) {
  absl::string_view key;
  absl::string_view value;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.is_bytes() && reader.number() == 1) {
      key = reader.bytes();
    } else if (reader.is_bytes() && reader.number() == 2) {
      value = reader.bytes();
    }
  }
  // The last value of a key wins, as in any protobuf map. Beyond the limit the
  // call is refused anyway, so that the search stays short.
  if (call.attributes.size() <= kAttributesMax) {
    auto same = std::find_if(call.attributes.begin(), call.attributes.end(),
                             [&](const auto& attribute) { return attribute.first == key; });
    if (same != call.attributes.end()) {
      same->second = value;
      return reader.ok();
    }
    call.attributes.emplace_back(key, value);
  }
  return reader.ok();
}

void DecodeCallNumber(const WireReader& reader, WireCall& call) {
  switch (reader.number()) {
    case pb::Call::kTimeUnixUsFieldNumber:
      call.time_us = static_cast<int64_t>(reader.varint());
      break;
    case pb::Call::kDurationUsFieldNumber:
      call.duration_us = static_cast<int64_t>(reader.varint());
      break;
    case pb::Call::kRevisionFieldNumber:
      call.revision = static_cast<uint32_t>(reader.varint());
      break;
    case pb::Call::kCacheAccountingFieldNumber:
      call.cache_accounting = static_cast<int32_t>(reader.varint());
      break;
    case pb::Call::kUsageUnknownFieldNumber:
      call.usage_unknown = reader.varint() != 0;
      break;
    case pb::Call::kStatusFieldNumber:
      call.status = static_cast<int32_t>(reader.varint());
      break;
    default:
      break;
  }
}

bool DecodeCallBytes(const WireReader& reader, WireCall& call) {
  switch (reader.number()) {
    case pb::Call::kEventIdFieldNumber:
      call.event_id = reader.bytes();
      return true;
    case pb::Call::kWorkflowFieldNumber:
      call.workflow = reader.bytes();
      return true;
    case pb::Call::kWorkflowIdFieldNumber:
      call.workflow_id = reader.bytes();
      return true;
    case pb::Call::kStepFieldNumber:
      call.step = reader.bytes();
      return true;
    case pb::Call::kProviderFieldNumber:
      call.provider = reader.bytes();
      return true;
    case pb::Call::kModelFieldNumber:
      call.model = reader.bytes();
      return true;
    case pb::Call::kUsageFieldNumber:
      call.has_usage = true;
      return DecodeUsage(reader.bytes(), call.usage);
    case pb::Call::kUsageReportedFieldNumber:
      call.usage_reported = reader.bytes();
      return true;
    case pb::Call::kReportedCostUsdFieldNumber:
      call.reported_cost_usd = reader.bytes();
      return true;
    case pb::Call::kAttributesFieldNumber:
      return DecodeAttribute(reader.bytes(), call);
    case pb::Call::kServiceTierFieldNumber:
      call.service_tier = reader.bytes();
      return true;
    case pb::Call::kRegionFieldNumber:
      call.region = reader.bytes();
      return true;
    default:
      return true;
  }
}

bool DecodeCall(absl::string_view bytes, WireCall& call) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.is_varint()) {
      DecodeCallNumber(reader, call);
    } else if (reader.is_bytes() && !DecodeCallBytes(reader, call)) {
      return false;
    }
  }
  return reader.ok();
}

bool DecodeCompletion(absl::string_view bytes, CompletionView& completion) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.is_varint() && reader.number() == pb::Completion::kTimeUnixUsFieldNumber) {
      completion.time_us = static_cast<int64_t>(reader.varint());
    } else if (reader.is_varint() && reader.number() == pb::Completion::kOutcomeFieldNumber) {
      completion.outcome = static_cast<int32_t>(reader.varint());
    } else if (!reader.is_bytes()) {
      continue;
    } else if (reader.number() == pb::Completion::kWorkflowFieldNumber) {
      completion.workflow = reader.bytes();
    } else if (reader.number() == pb::Completion::kWorkflowIdFieldNumber) {
      completion.workflow_id = reader.bytes();
    } else if (reader.number() == pb::Completion::kUnusedStepsFieldNumber &&
               completion.unused_steps.size() <= kUnusedStepsMax) {
      completion.unused_steps.push_back(reader.bytes());
    }
  }
  return reader.ok();
}

// A member that follows one of the same kind is merged into it, and one of another
// kind replaces it, as for any oneof.
void Become(EventView::Kind kind, EventView& event) {
  if (event.kind == kind) {
    return;
  }
  event.kind = kind;
  event.completion = CompletionView{};
  auto attributes = std::move(event.call.attributes);  // The next call uses its memory.
  attributes.clear();
  event.call = WireCall{};
  event.call.attributes = std::move(attributes);
}

Outcome StorageOutcome(int32_t wire_outcome) {
  const bool fits = wire_outcome >= 0 && wire_outcome < kOutcomeCount;
  return fits ? static_cast<Outcome>(wire_outcome)
              : static_cast<Outcome>(std::numeric_limits<uint8_t>::max());
}

}  // namespace

Completion CompletionView::ToCompletion() const {
  Completion result;
  result.time_us = time_us;
  result.workflow = std::string(workflow);
  result.workflow_id = std::string(workflow_id);
  result.outcome = StorageOutcome(outcome);
  result.unused_steps.reserve(unused_steps.size());
  for (absl::string_view step : unused_steps) {
    result.unused_steps.emplace_back(step);
  }
  return result;
}

bool DecodeEvent(absl::string_view bytes, EventView& event) {
  event.kind = EventView::Kind::kNone;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (!reader.is_bytes()) {
      continue;
    }
    bool decoded = true;
    if (reader.number() == pb::Event::kCallFieldNumber) {
      Become(EventView::Kind::kCall, event);
      decoded = DecodeCall(reader.bytes(), event.call);
    } else if (reader.number() == pb::Event::kCompletionFieldNumber) {
      Become(EventView::Kind::kCompletion, event);
      decoded = DecodeCompletion(reader.bytes(), event.completion);
    }
    if (!decoded) {
      return false;
    }
  }
  return reader.ok();
}

int32_t StorageStatus(int32_t wire_status) {
  static_assert(pb::CALL_STATUS_OK == static_cast<int>(CallStatus::kOk) + 1);
  static_assert(pb::CALL_STATUS_CANCELLED == static_cast<int>(CallStatus::kCancelled) + 1);
  return wire_status > 0 ? wire_status - 1 : wire_status;
}

}  // namespace itemized::server
