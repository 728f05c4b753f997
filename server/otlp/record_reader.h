// SPDX-License-Identifier: Apache-2.0
#pragma once

// What requests of OTLP have in common: records of scopes of resources, and attributes.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "server/otlp/raw_span.h"

namespace itemized::server {

// Calls `each` with every record of a request (spans, log records), and where it comes from.
// INVALID_ARGUMENT if what is around the records is malformed; records before that were visited.
absl::Status ForEachRecord(
    absl::string_view request, const SpanMapping& mapping,
    absl::FunctionRef<void(const SpanSource& source, absl::string_view record)> each);

// Reads an AnyValue; a list stays as it is.
SpanValue ReadValue(absl::string_view bytes);

// Reads a KeyValue into `span`, if it is one that is wanted. Returns false if it is malformed.
bool ReadAttribute(absl::string_view bytes, const SpanMapping& mapping, RawSpan* span);

// Reads the 8 bytes of a fixed64; 0 if there are not so many.
uint64_t ToFixed64(absl::string_view bytes);

}  // namespace itemized::server
