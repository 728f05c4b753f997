// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/log_decoder.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/convert/wire_reader.h"
#include "server/otlp/record_reader.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

using enum SpanAttribute;

// Field numbers of opentelemetry-proto's LogRecord.
enum LogField : uint32_t {
  kLogTime = 1,
  kLogBody = 5,
  kLogAttribute = 6,
  kLogTraceId = 9,
  kLogSpanId = 10,
  kLogObserved = 11,
  kLogEventName = 12,
};

// The names of the spans by which Claude Code tells of the same requests, and of their root.
constexpr char kClaudeRequest[] = "claude_code.llm_request";
constexpr char kClaudeWorkflow[] = "claude_code.interaction";
// What the names of its instrumentation scopes begin with.
constexpr char kClaudeScope[] = "com.anthropic.claude_code";

// What of a log record is no attribute.
struct LogRecord {
  uint64_t time_ns = 0;
  uint64_t observed_ns = 0;
  absl::string_view name;
  absl::string_view trace_id;
  absl::string_view span_id;
};

bool ReadLogField(const WireReader& reader, const SpanMapping& mapping, LogRecord* record,
                  RawSpan* span) {
  if (reader.is_fixed64()) {
    if (reader.number() == kLogTime || reader.number() == kLogObserved) {
      (reader.number() == kLogTime ? record->time_ns : record->observed_ns) =
          ToFixed64(reader.bytes());
    }
    return true;
  }
  if (!reader.is_bytes()) {
    return true;
  }
  switch (reader.number()) {
    case kLogBody:
      record->name = record->name.empty() ? ReadValue(reader.bytes()).Text() : record->name;
      return true;
    case kLogEventName:
      record->name = reader.bytes();
      return true;
    case kLogTraceId:
      record->trace_id = reader.bytes();
      return true;
    case kLogSpanId:
      record->span_id = reader.bytes();
      return true;
    case kLogAttribute:
      return ReadAttribute(reader.bytes(), mapping, span);
    default:
      return true;
  }
}

// Older versions name the event in an attribute alone, by a name that others may use as well.
bool IsEvent(const LogRecord& record, const SpanSource& source, const RawSpan& span,
             absl::string_view name) {
  absl::string_view full = record.name;
  return (absl::ConsumePrefix(&full, "claude_code.") && full == name) ||
         (absl::StartsWith(source.scope, kClaudeScope) && span[kEventName].Text() == name);
}

// The ids that a record has instead of those of a span.
struct LogIds {
  std::string trace_id;
  std::string span_id;
};

std::string HashOf(absl::string_view bytes, size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  return std::string(reinterpret_cast<const char*>(canonical.digest), size);
}

// A record that is sent again has the same ids, whatever it is encoded in.
LogIds IdsOf(const LogRecord& record, const RawSpan& span) {
  const bool is_in_trace = record.trace_id.find_first_not_of('\0') != absl::string_view::npos;
  const std::string run =
      absl::StrCat("claude_code\n", span[kSessionId].AsText(), "\n", span[kPromptId].AsText());
  std::string event = absl::StrCat(run, "\n", record.time_ns, "\n", record.observed_ns);
  for (const SpanAttribute part : {kEventName, kEventSequence, kRequestId, kClaudeModel,
                                   kClaudeInput, kClaudeOutput, kDurationMs}) {
    absl::StrAppend(&event, "\n", span[part].AsText());
  }
  return {is_in_trace ? std::string(record.trace_id) : HashOf(run, 16), HashOf(event, 8)};
}

// Makes a span of the request that a record tells of.
void ToSpan(const LogRecord& record, const LogIds& ids, RawSpan* span) {
  span->trace_id = ids.trace_id;
  span->span_id = ids.span_id;
  span->parent_span_id = record.span_id;
  span->name = kClaudeRequest;
  span->workflow = kClaudeWorkflow;
  span->end_ns = record.time_ns != 0 ? record.time_ns : record.observed_ns;
  const int64_t duration_ms = std::max<int64_t>(0, (*span)[kDurationMs].Whole().value_or(0));
  const uint64_t duration_ns = static_cast<uint64_t>(duration_ms) * 1'000'000;
  span->start_ns = span->end_ns - std::min(span->end_ns, duration_ns);
}

bool ReadLog(absl::string_view bytes, const SpanMapping& mapping, LogRecord* record,
             RawSpan* span) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (!ReadLogField(reader, mapping, record, span)) {
      return false;
    }
  }
  return reader.ok();
}

}  // namespace

absl::StatusOr<int64_t> DecodeLogs(
    absl::string_view request, const SpanMapping& mapping,
    absl::FunctionRef<void(const SpanSource& source, const RawSpan& span)> visit,
    absl::FunctionRef<void(std::string reason)> refuse) {
  int64_t dropped = 0;
  RETURN_IF_ERROR(
      ForEachRecord(request, mapping, [&](const SpanSource& source, absl::string_view bytes) {
        RawSpan span;
        LogRecord record;
        if (!ReadLog(bytes, mapping, &record, &span)) {
          return refuse("A log record is malformed.");
        }
        span.is_error = IsEvent(record, source, span, "api_error");
        if (!span.is_error && !IsEvent(record, source, span, "api_request")) {
          ++dropped;
          return;
        }
        const LogIds ids = IdsOf(record, span);
        ToSpan(record, ids, &span);
        visit(source, span);
      }));
  return dropped;
}

}  // namespace itemized::server
