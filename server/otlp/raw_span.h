// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/otlp/attributes.h"
#include "server/otlp/span_mapping.h"

namespace itemized::server {

// The value of an attribute.
struct SpanValue {
  enum class Kind : uint8_t { kNone, kText, kTruth, kWhole, kFraction, kList };

  Kind kind = Kind::kNone;
  absl::string_view text = {};  // A text; of a list, the bytes of its ArrayValue.
  int64_t whole = 0;            // A whole number; 1 or 0 of a truth value.
  double fraction = 0;

  bool is_there() const { return kind != Kind::kNone; }
  // A text, or "" for anything else.
  absl::string_view Text() const { return kind == Kind::kText ? text : absl::string_view(); }
  // A whole number, which some emitters send as a fraction or a text; nothing if it is none.
  std::optional<int64_t> Whole() const;
  // A text, or how a number or a truth value is written; "" for a list.
  std::string AsText() const;
  // The texts of a list of them; one of a text.
  std::vector<std::string> Texts() const;
};

// One span as it came. Its views point into the request.
struct RawSpan {
  absl::string_view trace_id;        // 16 bytes, if it is any good,
  absl::string_view span_id;         // and 8.
  absl::string_view parent_span_id;  // Empty if it has no parent.
  absl::string_view name;
  absl::string_view workflow;  // What its workflow is if nothing names one.
  uint64_t start_ns = 0;       // Since 1970.
  uint64_t end_ns = 0;
  bool is_error = false;

  const SpanValue& operator[](SpanAttribute attribute) const {
    return values[static_cast<size_t>(attribute)];
  }
  std::array<SpanValue, kSpanAttributeCount> values;
  std::vector<SpanValue> mapped;  // One for each key of SpanMapping, if the span has any.
};

// Where a span comes from.
struct SpanSource {
  absl::string_view scope;               // The name of the instrumentation scope.
  absl::string_view service;             // service.name of the resource.
  uint64_t resource = 0;                 // A hash of the resource.
  const SpanMapping* mapping = nullptr;  // Set if anything is mapped.
  std::vector<SpanValue> mapped;  // What the resource has of the keys of SpanMapping, if any.
  const SpanMapping::Scope* rule = nullptr;  // What the mapping says of the scope.
};

}  // namespace itemized::server
