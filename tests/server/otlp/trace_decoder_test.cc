// SPDX-License-Identifier: Apache-2.0
// OTLP as it comes: protobuf and JSON say the same, and what is malformed is told.

#include "server/otlp/trace_decoder.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/otlp/span_reader.h"
#include "server/otlp/trace_json.h"

namespace itemized::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// All spans of a request, as they are kept, and why others are not.
struct Decoded {
  absl::Status status;
  std::vector<std::string> spans;
  std::vector<std::string> refused;
};

Decoded Decode(const std::string& request) {
  Decoded decoded;
  decoded.status = DecodeTraces(
      request, SpanMapping(),
      [&](const SpanSource& source, const RawSpan& raw) {
        const auto span = ReadSpan(source, raw);
        if (span.ok()) {
          decoded.spans.push_back(
              absl::StrCat(absl::BytesToHexString(raw.trace_id), span->ShortDebugString()));
        } else {
          decoded.refused.emplace_back(span.status().message());
        }
      },
      [&](const std::string& reason) { decoded.refused.push_back(reason); });
  return decoded;
}

TEST(TraceDecoder, ReadsTheSameFromProtobufAndFromJson) {
  int captures = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(ITEMIZED_SOURCE_DIR "/tests/data/otlp")) {
    if (!entry.is_directory()) {
      continue;
    }
    SCOPED_TRACE(entry.path().string());
    const auto wire = TraceJsonToWire(ReadFile(entry.path() / "request.json"));
    ASSERT_TRUE(wire.ok()) << wire.status();
    Decoded of_json = Decode(*wire);
    Decoded of_protobuf = Decode(ReadFile(entry.path() / "request.bin"));
    EXPECT_TRUE(of_json.status.ok() && of_protobuf.status.ok());
    EXPECT_THAT(of_json.refused, IsEmpty());
    EXPECT_GT(of_json.spans.size(), 5U);
    EXPECT_EQ(of_json.spans, of_protobuf.spans);
    ++captures;
  }
  EXPECT_EQ(captures, 6);
}

std::string OneSpan(const std::string& fields) {
  const auto wire = TraceJsonToWire(
      absl::StrCat(R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)", fields, "}]}]}]}"));
  EXPECT_TRUE(wire.ok()) << wire.status();
  return wire.value_or("");
}

constexpr char kIds[] =
    R"("traceId":"0123456789ABCDEF0123456789abcdef","spanId":"0123456789abcdef")";

// What the client says that a call cost is kept beside our figure.
TEST(TraceDecoder, ReadsTheCostThatAClientSays) {
  for (
      const char* attribute :
      {R"({"key":"langfuse.observation.cost_details","value":{"stringValue":"{\"total\":0.0042}"}})",
       R"({"key":"gen_ai.cost.total_cost","value":{"doubleValue":0.0042}})",
       R"({"key":"gen_ai.cost.total_cost","value":{"stringValue":"0.0042"}})"}) {
    const Decoded decoded =
        Decode(OneSpan(absl::StrCat(kIds, R"(,"attributes":[)", attribute, "]")));
    ASSERT_EQ(decoded.spans.size(), 1U);
    EXPECT_THAT(decoded.spans[0], HasSubstr("reported_cost: 4200000001"));
  }
}

TEST(TraceDecoder, ReadsWhereFrameworksPutProvidersSessionsAndNodes) {
  const auto decode = [](const std::string& key, const std::string& text) {
    const std::string attribute =
        absl::StrCat(R"({"key":")", key, R"(","value":{"stringValue":")", text, R"("}})");
    return Decode(OneSpan(absl::StrCat(kIds, R"(,"attributes":[)", attribute, "]"))).spans;
  };
  EXPECT_THAT(decode("metadata", R"({\"ls_provider\":\"anthropic\"})"),
              ElementsAre(HasSubstr(R"(provider: "anthropic")")));
  EXPECT_THAT(decode("ai.settings.context.sessionId", "s-9"),
              ElementsAre(HasSubstr(R"(session: "s-9")")));
  EXPECT_THAT(decode("langfuse.observation.metadata.ls_provider", "anthropic"),
              ElementsAre(HasSubstr(R"(provider: "anthropic")")));
  EXPECT_THAT(decode("langfuse.observation.metadata.langgraph_node", "writer"),
              ElementsAre(HasSubstr(R"(step: "writer")")));
}

TEST(TraceDecoder, ReadsWhatLangfuseSaysOfASpanBesideItsStatus) {
  EXPECT_THAT(Decode(OneSpan(absl::StrCat(
                         kIds, R"(,"attributes":[{"key":"langfuse.observation.level","value":)"
                               R"({"stringValue":"ERROR"}},{"key":"langfuse.internal.is_app_root",)"
                               R"("value":{"boolValue":true}}])")))
                  .spans,
              ElementsAre(AllOf(HasSubstr("is_error: true"), HasSubstr("is_highest: true"))));
}

TEST(TraceDecoder, RefusesSpansOneByOneWithAReason) {
  EXPECT_THAT(Decode(OneSpan(R"("traceId":"00","spanId":"0123456789abcdef")")).refused,
              ElementsAre(HasSubstr("no trace_id of 16 bytes")));
  EXPECT_THAT(Decode(OneSpan(R"("traceId":"00000000000000000000000000000000",)"
                             R"("spanId":"0123456789abcdef")"))
                  .refused,
              ElementsAre(HasSubstr("all zero")));
  EXPECT_THAT(Decode(OneSpan(absl::StrCat(kIds, R"(,"parentSpanId":"0123")"))).refused,
              ElementsAre(HasSubstr("parent_span_id")));
  EXPECT_THAT(Decode(OneSpan(absl::StrCat(kIds, R"(,"startTimeUnixNano":"7","endTimeUnixNano":6)")))
                  .refused,
              ElementsAre(HasSubstr("ends before it begins")));
  EXPECT_THAT(Decode(OneSpan(kIds)).spans, ElementsAre(HasSubstr("0123456789abcdef")));
}

TEST(TraceDecoder, RefusesTextThatIsNoUtf8) {
  std::string wire = OneSpan(absl::StrCat(kIds, R"(,"name":"abc")"));
  wire.replace(wire.find("abc"), 1, "\xff");
  EXPECT_THAT(Decode(wire).refused, ElementsAre(HasSubstr("not UTF-8")));
}

TEST(TraceDecoder, TellsWhatIsNoRequest) {
  EXPECT_EQ(Decode("\xff\xff").status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Decode("").status.ok());
  std::string malformed = OneSpan(absl::StrCat(kIds, R"(,"name":"abcdef")"));
  malformed.resize(malformed.size() - 3);
  EXPECT_FALSE(Decode(malformed).status.ok());
  EXPECT_FALSE(TraceJsonToWire("{").ok());
  EXPECT_FALSE(TraceJsonToWire("[]").ok());
  EXPECT_FALSE(TraceJsonToWire(std::string(5'000, '[')).ok());
}

TEST(TraceDecoder, KeepsNothingOfWhatAUserWrote) {
  const std::string request = OneSpan(absl::StrCat(
      kIds, R"(,"attributes":[{"key":"gen_ai.input.messages","value":{"stringValue":"hunter2"}},)",
      R"({"key":"gen_ai.prompt","value":{"stringValue":"hunter2"}},)",
      R"({"key":"traceloop.entity.input","value":{"stringValue":"hunter2"}},)",
      R"({"key":"gen_ai.request.model","value":{"stringValue":"m"}}])"));
  const Decoded decoded = Decode(request);
  ASSERT_EQ(decoded.spans.size(), 1U);
  EXPECT_THAT(decoded.spans[0], HasSubstr("model: \"m\""));
  EXPECT_THAT(decoded.spans[0], ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace itemized::server
