// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/trace_decoder.h"

#include "server/convert/wire_reader.h"
#include "server/otlp/record_reader.h"

namespace itemized::server {
namespace {

// Field numbers of opentelemetry-proto.
enum SpanField : uint32_t {
  kTraceId = 1,
  kSpanId = 2,
  kParentSpanId = 4,
  kName = 5,
  kStart = 7,
  kEnd = 8,
  kAttribute = 9,
  kStatus = 15,
};
constexpr uint32_t kStatusCode = 3;
constexpr uint64_t kStatusError = 2;

bool IsError(absl::string_view status) {
  bool is_error = false;
  for (WireReader reader(status); reader.Next();) {
    if (reader.number() == kStatusCode && reader.is_varint()) {
      is_error = reader.varint() == kStatusError;
    }
  }
  return is_error;
}

bool ReadSpanField(const WireReader& reader, const SpanMapping& mapping, RawSpan* span) {
  if (reader.is_fixed64()) {
    if (reader.number() == kStart || reader.number() == kEnd) {
      (reader.number() == kStart ? span->start_ns : span->end_ns) = ToFixed64(reader.bytes());
    }
    return true;
  }
  if (!reader.is_bytes()) {
    return true;
  }
  switch (reader.number()) {
    case kTraceId:
      span->trace_id = reader.bytes();
      return true;
    case kSpanId:
      span->span_id = reader.bytes();
      return true;
    case kParentSpanId:
      span->parent_span_id = reader.bytes();
      return true;
    case kName:
      span->name = reader.bytes();
      return true;
    case kAttribute:
      return ReadAttribute(reader.bytes(), mapping, span);
    case kStatus:
      span->is_error = IsError(reader.bytes());
      return true;
    default:
      return true;
  }
}

bool ReadSpan(absl::string_view bytes, const SpanMapping& mapping, RawSpan* span) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (!ReadSpanField(reader, mapping, span)) {
      return false;
    }
  }
  return reader.ok();
}

}  // namespace

absl::Status DecodeTraces(absl::string_view request, const SpanMapping& mapping,
                          absl::FunctionRef<void(const SpanSource&, const RawSpan&)> visit,
                          absl::FunctionRef<void(std::string)> refuse) {
  RawSpan span;
  return ForEachRecord(request, mapping, [&](const SpanSource& source, absl::string_view bytes) {
    span = RawSpan();
    if (ReadSpan(bytes, mapping, &span)) {
      visit(source, span);
    } else {
      refuse("A span is malformed.");
    }
  });
}

}  // namespace itemized::server
