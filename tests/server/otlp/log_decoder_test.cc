// SPDX-License-Identifier: Apache-2.0
// Log records that tell of requests to a model, as the spans that they stand for.

#include "server/otlp/log_decoder.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/otlp/span_reader.h"
#include "server/otlp/trace_json.h"
#include "tests/server/otlp/span_maker.h"

namespace itemized::server {
namespace {

using ::testing::Contains;
using ::testing::Pair;
using ::testing::SizeIs;

struct Decoded {
  int64_t dropped = 0;
  std::vector<std::string> trace_ids;
  std::vector<KeptSpan> spans;
};

std::string Text(const std::string& key, const std::string& value) {
  return absl::StrCat(R"({"key":")", key, R"(","value":{"stringValue":")", value, R"("}},)");
}

// A request of 2 seconds that ended at second 100.
std::string Record(const std::string& fields, const std::string& attributes) {
  return absl::StrCat(
      R"({"timeUnixNano":"100000000000",)", fields, R"("attributes":[)", attributes,
      Text("session.id", "s-1"), Text("prompt.id", "p-1"), Text("model", "claude-opus-5"),
      Text("input_tokens", "2"), Text("output_tokens", "1200"), Text("cache_read_tokens", "84562"),
      Text("cache_creation_tokens", "7096"), Text("cost_usd", "0.11"), Text("query_source", "main"),
      R"({"key":"duration_ms","value":{"intValue":"2000"}}]})");
}
std::string Request(const std::string& fields = "") {
  return Record(fields, Text("event.name", "api_request"));
}

Decoded Decode(const std::string& records,
               const std::string& scope = "com.anthropic.claude_code.events") {
  Decoded decoded;
  const auto wire = LogsJsonToWire(absl::StrCat(
      R"({"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"scope":{"name":")", scope,
      R"("},"logRecords":[)", records, "]}]}]}"));
  const auto dropped = DecodeLogs(
      wire.value(), SpanMapping(),
      [&](const SpanSource& source, const RawSpan& raw) {
        decoded.trace_ids.emplace_back(raw.trace_id);
        decoded.spans.push_back(ReadSpan(source, raw).value());
      },
      [](const std::string& reason) { ADD_FAILURE() << reason; });
  EXPECT_TRUE(dropped.ok()) << dropped.status();
  decoded.dropped = dropped.value_or(-1);
  return decoded;
}

TEST(LogDecoder, ARequestOfClaudeCodeIsACall) {
  const Decoded decoded = Decode(Request());
  ASSERT_THAT(decoded.spans, SizeIs(1));
  const TraceBill bill = Count(decoded.spans);
  ASSERT_THAT(bill.calls, SizeIs(1));
  const Call& call = bill.calls[0].call;
  EXPECT_EQ(call.step, "main");
  EXPECT_EQ(call.workflow, "claude_code.interaction");
  EXPECT_EQ(call.provider, "anthropic");
  EXPECT_EQ(call.model, "claude-opus-5");
  EXPECT_EQ(call.time_us, 100'000'000);
  EXPECT_EQ(call.duration_us, 2'000'000);
  EXPECT_EQ((*call.usage)[UsageClass::kInput], 2);
  EXPECT_EQ((*call.usage)[UsageClass::kCacheRead], 84'562);
  EXPECT_EQ((*call.usage)[UsageClass::kCacheWrite5m], 7'096);
  EXPECT_EQ((*call.usage)[UsageClass::kOutput], 1'200);
  EXPECT_EQ(call.reported_cost_picos, 110'000'000'000);
  EXPECT_THAT(call.attributes, Contains(Pair("session", "s-1")));
  EXPECT_EQ(bill.completion->outcome, Outcome::kCompleted);
}

TEST(LogDecoder, AFailedRequestIsACallThatFailed) {
  const Decoded decoded = Decode(Record(R"("eventName":"claude_code.api_error",)", ""));
  ASSERT_THAT(decoded.spans, SizeIs(1));
  EXPECT_TRUE(decoded.spans[0].is_error());
}

TEST(LogDecoder, ANameMayStandInTheBody) {
  EXPECT_THAT(Decode(Record(R"("body":{"stringValue":"claude_code.api_request"},)", "")).spans,
              SizeIs(1));
}

TEST(LogDecoder, OtherRecordsAreDropped) {
  const Decoded decoded =
      Decode(absl::StrCat(Record(R"("body":{"stringValue":"claude_code.user_prompt"},)",
                                 Text("event.name", "user_prompt")),
                          ",", Record(R"("body":{"stringValue":"api_request"},)", ""), ",{}"));
  EXPECT_THAT(decoded.spans, SizeIs(0));
  EXPECT_EQ(decoded.dropped, 3);
}

TEST(LogDecoder, AnEventOfTheSameNameOfAnotherApplicationIsDropped) {
  EXPECT_THAT(Decode(Request(), "acme.gateway").spans, SizeIs(0));
  const std::string named = Request(R"("body":{"stringValue":"claude_code.api_request"},)");
  EXPECT_THAT(Decode(named, "acme.gateway").spans, SizeIs(1));  // A collector may rename scopes.
}

TEST(LogDecoder, RequestsOfOnePromptAreOneRunAndARedeliveryIsTheSame) {
  const std::string second = absl::StrCat(
      R"({"timeUnixNano":"101000000000","attributes":[)", Text("event.name", "api_request"),
      Text("session.id", "s-1"), Text("model", "m"), Text("prompt.id", "p-1"), "{}]}");
  const Decoded decoded = Decode(absl::StrCat(Request(), ",", second, ",", Request()));
  ASSERT_THAT(decoded.spans, SizeIs(3));
  EXPECT_EQ(decoded.trace_ids[0], decoded.trace_ids[1]);
  EXPECT_NE(decoded.spans[0].span_id(), decoded.spans[1].span_id());
  EXPECT_EQ(decoded.spans[0].span_id(), decoded.spans[2].span_id());
}

TEST(LogDecoder, ARecordWithinASpanIsOfItsTraceAndCountsWithIt) {
  const std::string ids =
      R"("traceId":"30313233343536373839616263646566","spanId":"7070707070707070",)";
  Decoded decoded = Decode(Request(ids));
  ASSERT_THAT(decoded.spans, SizeIs(1));
  EXPECT_EQ(decoded.trace_ids[0], kTrace);
  EXPECT_EQ(decoded.spans[0].parent_span_id(), "pppppppp");
  // The span of the same request, under the same interaction.
  KeptSpan span = decoded.spans[0];
  span.set_span_id("llm_span");
  span.set_scope("tracing");
  span.set_start_unix_ns(span.start_unix_ns() - 5'000'000);
  EXPECT_THAT(Count({decoded.spans[0], span}).calls, SizeIs(1));
}

}  // namespace
}  // namespace itemized::server
