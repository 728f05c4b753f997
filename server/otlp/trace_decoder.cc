// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/trace_decoder.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/convert/wire_reader.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

// Field numbers of opentelemetry-proto.
constexpr uint32_t kResourceSpans = 1;
constexpr uint32_t kResource = 1;
constexpr uint32_t kScopeSpans = 2;
constexpr uint32_t kScope = 1;
constexpr uint32_t kSpan = 2;
constexpr uint32_t kScopeName = 1;
constexpr uint32_t kResourceAttribute = 1;
constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;
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
enum AnyValueField : uint32_t { kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5 };
constexpr uint32_t kStatusCode = 3;
constexpr uint64_t kStatusError = 2;

absl::Status Malformed() {
  return absl::InvalidArgumentError(
      "The request is no ExportTraceServiceRequest; send what an OTLP exporter sends.");
}

uint64_t ToFixed64(absl::string_view bytes) {
  uint64_t value = 0;
  if (bytes.size() == sizeof(value)) {
    std::memcpy(&value, bytes.data(), sizeof(value));  // Little-endian, as this machine is.
  }
  return value;
}

SpanValue ReadValue(absl::string_view bytes) {
  SpanValue value;
  for (WireReader reader(bytes); reader.Next();) {
    if (reader.number() == kString && reader.is_bytes()) {
      value = {.kind = SpanValue::Kind::kText, .text = reader.bytes()};
    } else if (reader.number() == kBool && reader.is_varint()) {
      value = {.kind = SpanValue::Kind::kTruth, .text = {}, .whole = reader.varint() != 0 ? 1 : 0};
    } else if (reader.number() == kInt && reader.is_varint()) {
      value = {.kind = SpanValue::Kind::kWhole,
               .text = {},
               .whole = static_cast<int64_t>(reader.varint())};
    } else if (reader.number() == kDouble && reader.is_fixed64()) {
      const uint64_t raw = ToFixed64(reader.bytes());
      value = {.kind = SpanValue::Kind::kFraction};
      std::memcpy(&value.fraction, &raw, sizeof(raw));
    } else if (reader.number() == kArray && reader.is_bytes()) {
      value = {.kind = SpanValue::Kind::kList, .text = reader.bytes()};
    }
  }
  return value;
}

// Splits a KeyValue. Returns false if it is malformed.
bool ReadKeyValue(absl::string_view bytes, absl::string_view* key, absl::string_view* value) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.number() == kKey && reader.is_bytes()) {
      *key = reader.bytes();
    } else if (reader.number() == kValue && reader.is_bytes()) {
      *value = reader.bytes();
    }
  }
  return reader.ok();
}

// Puts a value where the mapping wants it, if it does.
void TakeMapped(const SpanMapping& mapping, absl::string_view key, absl::string_view value,
                std::vector<SpanValue>* mapped) {
  if (const std::optional<size_t> index = mapping.FindKey(key)) {
    mapped->resize(mapping.keys().size());
    (*mapped)[*index] = ReadValue(value);
  }
}

bool ReadAttribute(absl::string_view bytes, const SpanMapping& mapping, RawSpan* span) {
  absl::string_view key;
  absl::string_view value;
  if (!ReadKeyValue(bytes, &key, &value)) {
    return false;
  }
  if (const std::optional<SpanAttribute> attribute = FindSpanAttribute(key)) {
    span->values[static_cast<size_t>(*attribute)] = ReadValue(value);
  }
  TakeMapped(mapping, key, value, &span->mapped);
  return true;
}

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

// Returns the field of a message that stands once; "" if it is not there.
absl::string_view FieldOf(absl::string_view bytes, uint32_t number) {
  absl::string_view found;
  for (WireReader reader(bytes); reader.Next();) {
    if (reader.number() == number && reader.is_bytes()) {
      found = reader.bytes();
    }
  }
  return found;
}

// Calls `each` with every part of the message that is this field.
template <typename Each>
absl::Status ForEach(absl::string_view bytes, uint32_t number, Each each) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.number() == number && reader.is_bytes()) {
      RETURN_IF_ERROR(each(reader.bytes()));
    }
  }
  return reader.ok() ? absl::OkStatus() : Malformed();
}

SpanSource SourceOf(absl::string_view resource, const SpanMapping& mapping) {
  SpanSource source;
  source.mapping = &mapping;
  uint64_t hash = 0;
  for (WireReader reader(resource); reader.Next();) {
    if (reader.number() != kResourceAttribute || !reader.is_bytes()) {
      continue;
    }
    hash = XXH3_64bits_withSeed(reader.bytes().data(), reader.bytes().size(), hash);
    absl::string_view key;
    absl::string_view value;
    if (!ReadKeyValue(reader.bytes(), &key, &value)) {
      continue;
    }
    if (key == "service.name") {
      source.service = ReadValue(value).Text();
    }
    TakeMapped(mapping, key, value, &source.mapped);
  }
  source.resource = hash;
  return source;
}

}  // namespace

absl::Status DecodeTraces(absl::string_view request, const SpanMapping& mapping,
                          absl::FunctionRef<void(const SpanSource&, const RawSpan&)> visit,
                          absl::FunctionRef<void(std::string)> refuse) {
  RawSpan span;
  return ForEach(request, kResourceSpans, [&](absl::string_view resource_spans) {
    SpanSource source = SourceOf(FieldOf(resource_spans, kResource), mapping);
    return ForEach(resource_spans, kScopeSpans, [&](absl::string_view scope_spans) {
      source.scope = FieldOf(FieldOf(scope_spans, kScope), kScopeName);
      source.rule = mapping.FindScope(source.scope);
      return ForEach(scope_spans, kSpan, [&](absl::string_view bytes) {
        span = RawSpan();
        if (ReadSpan(bytes, mapping, &span)) {
          visit(source, span);
        } else {
          refuse("A span is malformed.");
        }
        return absl::OkStatus();
      });
    });
  });
}

}  // namespace itemized::server
