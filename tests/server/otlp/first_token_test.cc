// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/first_token.h"

#include <limits>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

using enum SpanAttribute;

RawSpan Span() {
  RawSpan span;
  span.start_ns = 1'764'500'000'000'000'000;  // 2025-11-30T10:53:20Z.
  span.end_ns = span.start_ns + 2'000'000'000;
  return span;
}

RawSpan Saying(SpanAttribute attribute, SpanValue value) {
  RawSpan span = Span();
  span.values[static_cast<size_t>(attribute)] = value;
  return span;
}

SpanValue Fraction(double value) {
  return {.kind = SpanValue::Kind::kFraction, .fraction = value};
}
SpanValue Text(absl::string_view text) {
  return {.kind = SpanValue::Kind::kText, .text = text};
}

TEST(FirstToken, IsReadInTheUnitOfEachEmitter) {
  EXPECT_EQ(FirstTokenOf(Saying(kFirstChunk, Fraction(0.25))), 250'000'000U);
  EXPECT_EQ(FirstTokenOf(Saying(kAiFirstChunk, Fraction(65.5))), 65'500'000U);
  EXPECT_EQ(
      FirstTokenOf(Saying(kClaudeFirstToken, {.kind = SpanValue::Kind::kWhole, .whole = 300})),
      300'000'000U);
  EXPECT_EQ(FirstTokenOf(Saying(kClaudeFirstToken, Text("300"))), 300'000'000U);
  EXPECT_EQ(FirstTokenOf(Saying(kLangfuseFirstToken, Text("\"2025-11-30T10:53:20.500Z\""))),
            500'000'000U);
}

TEST(FirstToken, IsUnknownIfNothingSaysSoOrItCannotBe) {
  EXPECT_EQ(FirstTokenOf(Span()), std::nullopt);
  for (const double seconds : {-0.1, 2.1, std::numeric_limits<double>::quiet_NaN(), 1e300}) {
    EXPECT_EQ(FirstTokenOf(Saying(kFirstChunk, Fraction(seconds))), std::nullopt) << seconds;
  }
  EXPECT_EQ(FirstTokenOf(Saying(kAiFirstChunk, Text("soon"))), std::nullopt);
  EXPECT_EQ(FirstTokenOf(Saying(kLangfuseFirstToken, Text("2025-11-30T10:53:10Z"))), std::nullopt);
}

}  // namespace
}  // namespace itemized::server
