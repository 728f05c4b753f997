// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/raw_span.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "server/convert/wire_reader.h"
#include "storage/usage_shapes/json_value.h"

namespace itemized::server {
namespace {

std::optional<int64_t> ToWhole(double value) {
  constexpr double kExactMax = 9e15;  // Whole doubles beyond may stand for others.
  if (!(std::fabs(value) <= kExactMax) || std::trunc(value) != value) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

}  // namespace

std::optional<int64_t> SpanValue::Whole() const {
  switch (kind) {
    case Kind::kWhole:
      return whole;
    case Kind::kFraction:
      return ToWhole(fraction);
    case Kind::kText: {
      int64_t number = 0;
      return absl::SimpleAtoi(text, &number) ? std::optional(number) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::string SpanValue::AsText() const {
  switch (kind) {
    case Kind::kText:
      return std::string(text);
    case Kind::kWhole:
      return absl::StrCat(whole);
    case Kind::kTruth:
      return whole != 0 ? "true" : "false";
    case Kind::kFraction:
      return ShortestDecimal(fraction);
    default:
      return "";
  }
}

std::vector<std::string> SpanValue::Texts() const {
  std::vector<std::string> texts;
  if (kind == Kind::kText) {
    texts.emplace_back(text);
  }
  for (WireReader list(kind == Kind::kList ? text : absl::string_view()); list.Next();) {
    for (WireReader item(list.is_bytes() ? list.bytes() : absl::string_view()); item.Next();) {
      if (item.number() == 1 && item.is_bytes()) {
        texts.emplace_back(item.bytes());
      }
    }
  }
  return texts;
}

}  // namespace itemized::server
