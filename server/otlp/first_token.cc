// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/first_token.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

#include "storage/base/time.h"

namespace itemized::server {
namespace {

using enum SpanAttribute;

constexpr double kNsPerSecond = 1e9;
constexpr double kNsPerMs = 1e6;

std::optional<double> NumberOf(const SpanValue& value) {
  double number = 0;
  switch (value.kind) {
    case SpanValue::Kind::kWhole:
      return static_cast<double>(value.whole);
    case SpanValue::Kind::kFraction:
      return value.fraction;
    default:
      return absl::SimpleAtod(value.Text(), &number) ? std::optional(number) : std::nullopt;
  }
}

// Langfuse says the instant, as JSON.
std::optional<double> NsUntilInstant(const SpanValue& value, uint64_t start_ns) {
  absl::string_view text = value.Text();
  absl::ConsumePrefix(&text, "\"");
  absl::ConsumeSuffix(&text, "\"");
  const absl::StatusOr<int64_t> time_us = ParseTime(std::string(text));
  return time_us.ok()
             ? std::optional(static_cast<double>(*time_us) * 1e3 - static_cast<double>(start_ns))
             : std::nullopt;
}

std::optional<double> SaidNs(const RawSpan& span) {
  if (const std::optional<double> seconds = NumberOf(span[kFirstChunk])) {
    return *seconds * kNsPerSecond;
  }
  for (const SpanAttribute attribute : {kAiFirstChunk, kClaudeFirstToken}) {
    if (const std::optional<double> ms = NumberOf(span[attribute])) {
      return *ms * kNsPerMs;
    }
  }
  return NsUntilInstant(span[kLangfuseFirstToken], span.start_ns);
}

}  // namespace

std::optional<uint64_t> FirstTokenOf(const RawSpan& span) {
  const std::optional<double> said = SaidNs(span);
  const auto duration = static_cast<double>(span.end_ns - span.start_ns);
  const bool can_be = said.has_value() && *said >= 0 && *said <= duration;  // NaN cannot.
  return can_be ? std::optional(static_cast<uint64_t>(*said)) : std::nullopt;
}

}  // namespace itemized::server
