// SPDX-License-Identifier: Apache-2.0
#include "proto/text/ndjson.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/text/json_fields.h"
#include "proto/text/ndjson_names.h"
#include "simdjson.h"

namespace itemized::text {
namespace {

namespace json = simdjson::ondemand;

constexpr std::array<Name<pb::CallStatus>, 3> kStatuses = {{
    {"ok", pb::CALL_STATUS_OK},
    {"error", pb::CALL_STATUS_ERROR},
    {"cancelled", pb::CALL_STATUS_CANCELLED},
}};

constexpr std::array<Name<pb::CacheAccounting>, 2> kAccountings = {{
    {"inclusive", pb::CACHE_ACCOUNTING_INCLUSIVE},
    {"exclusive", pb::CACHE_ACCOUNTING_EXCLUSIVE},
}};

constexpr std::array<Name<pb::Outcome>, 4> kOutcomes = {{
    {"completed", pb::OUTCOME_COMPLETED},
    {"failed", pb::OUTCOME_FAILED},
    {"short_circuited", pb::OUTCOME_SHORT_CIRCUITED},
    {"abandoned", pb::OUTCOME_ABANDONED},
}};

enum Field : uint8_t {
  kEventId,
  kTime,
  kWorkflow,
  kWorkflowId,
  kStep,
  kProvider,
  kModel,
  kUsage,
  kUsageReported,
  kUsageUnknown,
  kReportedCostUsd,
  kCacheAccounting,
  kDurationMs,
  kStatus,
  kRevision,
  kAttributes,
  kServiceTier,
  kRegion,
  kOutcome,
  kUnusedSteps,
};

constexpr std::array<Name<Field>, 20> kFields = {{
    {"event_id", kEventId},
    {"time", kTime},
    {"workflow", kWorkflow},
    {"workflow_id", kWorkflowId},
    {"step", kStep},
    {"provider", kProvider},
    {"model", kModel},
    {"usage", kUsage},
    {"usage_reported", kUsageReported},
    {"usage_unknown", kUsageUnknown},
    {"reported_cost_usd", kReportedCostUsd},
    {"cache_accounting", kCacheAccounting},
    {"duration_ms", kDurationMs},
    {"status", kStatus},
    {"revision", kRevision},
    {"attributes", kAttributes},
    {"service_tier", kServiceTier},
    {"region", kRegion},
    {"outcome", kOutcome},
    {"unused_steps", kUnusedSteps},
}};

constexpr uint32_t kCompletionFields =
    Bit(kTime) | Bit(kWorkflow) | Bit(kWorkflowId) | Bit(kOutcome) | Bit(kUnusedSteps);

Fault ReadAttributes(json::value& value, pb::Call& call) {
  json::object object;
  RETURN_IF_FAULT(OpenObject(value, "attributes", "an object of strings", object));
  return ReadFields(object, [&](absl::string_view key, json::value text) -> Fault {
    const std::string path = absl::StrCat("attributes.", Excerpt(key));
    bool is_null = false;
    RETURN_IF_FAULT(TakeNull(text, is_null));
    if (is_null) {
      return std::nullopt;
    }
    const auto [entry, inserted] = call.mutable_attributes()->insert({std::string(key), ""});
    if (!inserted) {
      return Twice(path);
    }
    return ReadString(text, path, entry->second);
  });
}

Fault ReadUnusedSteps(json::value& value, pb::Completion& completion) {
  json::array array;
  RETURN_IF_FAULT(OpenArray(value, "unused_steps", "an array of step names", array));
  for (auto element : array) {
    json::value step;
    if (const simdjson::error_code error = std::move(element).get(step)) {
      return BrokenJson(error);
    }
    RETURN_IF_FAULT(ReadString(step, "unused_steps", *completion.add_unused_steps()));
  }
  return std::nullopt;
}

}  // namespace

class NdjsonParser::Impl {
 public:
  Fault Parse(absl::string_view line, pb::Event& event) {
    call_ = event.mutable_call();
    call_->Clear();
    completion_.Clear();
    seen_ = 0;
    nulls_ = 0;
    line = absl::StripAsciiWhitespace(line);
    RETURN_IF_FAULT(CheckStart(line));
    buffer_.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    buffer_.assign(line.data(), line.size());
    json::document document;
    const simdjson::padded_string_view padded(buffer_.data(), buffer_.size(), buffer_.capacity());
    if (const simdjson::error_code error = parser_.iterate(padded).get(document)) {
      return BrokenJson(error);
    }
    RETURN_IF_FAULT(ReadEvent(document));
    return Given(kOutcome) ? FinishCompletion(event) : FinishCall();
  }

 private:
  bool Given(Field field) const { return (seen_ & ~nulls_ & Bit(field)) != 0; }

  static Fault CheckStart(absl::string_view line) {
    if (line.size() > kLineBytesMax) {
      return Malformed(kLineTooLong);
    }
    if (absl::StartsWith(line, "{")) {
      return std::nullopt;
    }
    if (absl::StartsWith(line, "[")) {
      return Malformed(
          "The line is a JSON array: write each event on a line of its own, as `jq -c '.[]'` "
          "does.");
    }
    return Malformed(
        "The line is not a JSON object: write each event as one JSON object on a line of its own.");
  }

  Fault ReadEvent(json::document& document) {
    json::object object;
    if (const simdjson::error_code error = document.get_object().get(object)) {
      return BrokenJson(error);
    }
    RETURN_IF_FAULT(ReadFields(object, [this](absl::string_view key, json::value value) -> Fault {
      size_t index = 0;
      RETURN_IF_FAULT(FindField(kFields, "", key, seen_, index));
      bool is_null = false;
      RETURN_IF_FAULT(TakeNull(value, is_null));
      if (is_null) {
        nulls_ |= Bit(index);
        return std::nullopt;
      }
      return ReadField(kFields[index].value, value);
    }));
    // The location is an error if there is nothing more to read.
    const bool at_end = document.current_location().error() != simdjson::SUCCESS;
    return at_end ? std::nullopt : BrokenJson(simdjson::TRAILING_CONTENT);
  }

  Fault ReadField(Field field, json::value& value) {
    switch (field) {
      case kEventId:
        return ReadString(value, "event_id", *call_->mutable_event_id());
      case kTime:
        return ReadTime(value, "time", time_us_);
      case kWorkflow:
        return ReadString(value, "workflow", *call_->mutable_workflow());
      case kWorkflowId:
        return ReadString(value, "workflow_id", *call_->mutable_workflow_id());
      case kStep:
        return ReadString(value, "step", *call_->mutable_step());
      case kProvider:
        return ReadString(value, "provider", *call_->mutable_provider());
      case kModel:
        return ReadString(value, "model", *call_->mutable_model());
      case kUsage:
        return ReadUsage(value, *call_);
      case kUsageReported:
        return ReadUsageReported(value, *call_);
      case kUsageUnknown:
        return ReadUsageUnknown(value, *call_);
      case kReportedCostUsd:
        return ReadAmount(value, "reported_cost_usd", *call_->mutable_reported_cost_usd());
      case kCacheAccounting:
        return ReadCacheAccounting(value);
      case kDurationMs:
        return ReadDurationField(value);
      case kStatus:
        return ReadStatus(value);
      case kRevision:
        return ReadRevision(value);
      case kAttributes:
        return ReadAttributes(value, *call_);
      case kServiceTier:
        return ReadString(value, "service_tier", *call_->mutable_service_tier());
      case kRegion:
        return ReadString(value, "region", *call_->mutable_region());
      case kOutcome:
        return ReadOutcome(value);
      case kUnusedSteps:
        return ReadUnusedSteps(value, completion_);
    }
    return std::nullopt;
  }

  Fault ReadDurationField(json::value& value) {
    int64_t duration_us = 0;
    RETURN_IF_FAULT(ReadMillis(value, "duration_ms", duration_us));
    call_->set_duration_us(duration_us);
    return std::nullopt;
  }

  Fault ReadStatus(json::value& value) {
    pb::CallStatus status = pb::CALL_STATUS_UNSPECIFIED;
    RETURN_IF_FAULT(ReadEnum(value, "status", kStatuses, status));
    call_->set_status(status);
    return std::nullopt;
  }

  Fault ReadCacheAccounting(json::value& value) {
    pb::CacheAccounting accounting = pb::CACHE_ACCOUNTING_UNSPECIFIED;
    RETURN_IF_FAULT(ReadEnum(value, "cache_accounting", kAccountings, accounting));
    call_->set_cache_accounting(accounting);
    return std::nullopt;
  }

  Fault ReadRevision(json::value& value) {
    int64_t revision = 0;
    RETURN_IF_FAULT(ReadCount(value, "revision", revision));
    if (revision < 0 || revision > int64_t{UINT32_MAX}) {
      return Refuse(
          pb::REFUSAL_CODE_MALFORMED,
          absl::StrCat("\"revision\" is ", revision, "; it must be between 0 and 4,294,967,295."));
    }
    call_->set_revision(static_cast<uint32_t>(revision));
    return std::nullopt;
  }

  Fault ReadOutcome(json::value& value) {
    pb::Outcome outcome = pb::OUTCOME_UNSPECIFIED;
    RETURN_IF_FAULT(ReadEnum(value, "outcome", kOutcomes, outcome));
    completion_.set_outcome(outcome);
    return std::nullopt;
  }

  Fault RequireTime() const {
    if (Given(kTime)) {
      return std::nullopt;
    }
    return Refuse(pb::REFUSAL_CODE_MISSING_FIELD,
                  "\"time\" is missing: give an RFC 3339 time such as "
                  "\"2026-11-01T00:00:00.123Z\".");
  }

  Fault FinishCall() {
    if (Given(kUnusedSteps)) {
      return Malformed(
          "\"unused_steps\" belongs to completions: give an \"outcome\" as well, or leave it out.");
    }
    RETURN_IF_FAULT(RequireTime());
    call_->set_time_unix_us(time_us_);
    return std::nullopt;
  }

  Fault FinishCompletion(pb::Event& event) {
    for (const Name<Field>& field : kFields) {
      if (Given(field.value) && (Bit(field.value) & ~kCompletionFields) != 0) {
        return Malformed(absl::StrCat("\"", field.text,
                                      "\" belongs to calls, but a line with an \"outcome\" is a "
                                      "completion: leave one of them out."));
      }
    }
    RETURN_IF_FAULT(RequireTime());
    completion_.set_time_unix_us(time_us_);
    completion_.set_workflow(std::move(*call_->mutable_workflow()));
    completion_.set_workflow_id(std::move(*call_->mutable_workflow_id()));
    *event.mutable_completion() = std::move(completion_);
    return std::nullopt;
  }

  json::parser parser_;
  std::string buffer_;
  // The line as far as it is read: all but what only completions have goes
  // into the call, which most lines are.
  pb::Call* call_ = nullptr;
  pb::Completion completion_;
  int64_t time_us_ = 0;
  uint32_t seen_ = 0;   // Bits of Field.
  uint32_t nulls_ = 0;  // What is null among the fields seen.
};

NdjsonParser::NdjsonParser() : impl_(std::make_unique<Impl>()) {}
NdjsonParser::~NdjsonParser() = default;

std::optional<LineRefusal> NdjsonParser::Parse(absl::string_view line, pb::Event& event) {
  return impl_->Parse(line, event);
}

bool IsBlank(absl::string_view line) {
  return absl::StripAsciiWhitespace(line).empty();
}

}  // namespace itemized::text
