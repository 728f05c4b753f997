// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/record_reader.h"

#include <cstring>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/convert/wire_reader.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

// Field numbers of opentelemetry-proto, which requests of all signals share.
constexpr uint32_t kOfResource = 1;
constexpr uint32_t kResource = 1;
constexpr uint32_t kOfScope = 2;
constexpr uint32_t kScope = 1;
constexpr uint32_t kRecord = 2;
constexpr uint32_t kScopeName = 1;
constexpr uint32_t kResourceAttribute = 1;
constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;
enum AnyValueField : uint32_t { kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5 };

absl::Status Malformed() {
  return absl::InvalidArgumentError(
      "The request is none of OTLP; send what an OTLP exporter sends.");
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

absl::Status ForEachRecord(
    absl::string_view request, const SpanMapping& mapping,
    absl::FunctionRef<void(const SpanSource& source, absl::string_view record)> each) {
  return ForEach(request, kOfResource, [&](absl::string_view of_resource) {
    SpanSource source = SourceOf(FieldOf(of_resource, kResource), mapping);
    return ForEach(of_resource, kOfScope, [&](absl::string_view of_scope) {
      source.scope = FieldOf(FieldOf(of_scope, kScope), kScopeName);
      source.rule = mapping.FindScope(source.scope);
      return ForEach(of_scope, kRecord, [&](absl::string_view record) {
        each(source, record);
        return absl::OkStatus();
      });
    });
  });
}

}  // namespace itemized::server
