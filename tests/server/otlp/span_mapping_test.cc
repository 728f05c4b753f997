// SPDX-License-Identifier: Apache-2.0
// What an operator says of spans, from the file to the calls.

#include "server/otlp/span_mapping.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/otlp/span_reader.h"
#include "server/otlp/trace_decoder.h"
#include "server/otlp/trace_json.h"
#include "tests/server/otlp/span_maker.h"

namespace itemized::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

SpanMapping Mapping(const std::string& toml) {
  const absl::StatusOr<SpanMapping> mapping = SpanMapping::Parse(toml, "spans.toml");
  EXPECT_TRUE(mapping.ok()) << mapping.status();
  return mapping.value_or(SpanMapping());
}

std::string Mistake(const std::string& toml) {
  return std::string(SpanMapping::Parse(toml, "spans.toml").status().message());
}

std::string Text(const std::string& key, const std::string& value) {
  return absl::StrCat(R"({"key":")", key, R"(","value":{"stringValue":")", value, R"("}})");
}
std::string Number(const std::string& key, int64_t value) {
  return absl::StrCat(R"({"key":")", key, R"(","value":{"intValue":)", value, "}}");
}

struct JsonSpan {
  std::string scope;
  std::string id;
  std::string parent;
  std::string attributes;
};

// The calls of spans that are read by `mapping`.
std::vector<Call> Calls(const SpanMapping& mapping, const std::vector<JsonSpan>& spans,
                        const std::string& resource = "") {
  std::string scopes;
  for (const JsonSpan& span : spans) {
    absl::StrAppend(&scopes, scopes.empty() ? "" : ",", R"({"scope":{"name":")", span.scope,
                    R"("},"spans":[{"traceId":"00000000000000000000000000000001","spanId":")",
                    span.id, R"(","parentSpanId":")", span.parent, R"(","name":"n)", span.id,
                    R"(","startTimeUnixNano":"1000","endTimeUnixNano":"2000","attributes":[)",
                    span.attributes, "]}]}");
  }
  const auto wire = TraceJsonToWire(absl::StrCat(R"({"resourceSpans":[{"resource":{"attributes":[)",
                                                 resource, R"(]},"scopeSpans":[)", scopes, "]}]}"));
  std::vector<KeptSpan> kept;
  EXPECT_TRUE(DecodeTraces(
                  wire.value(), mapping,
                  [&](const SpanSource& source, const RawSpan& raw) {
                    kept.push_back(ReadSpan(source, raw).value());
                  },
                  [](const std::string& reason) { ADD_FAILURE() << reason; })
                  .ok());
  std::vector<Call> calls;
  for (TraceCall& call : Count(kept).calls) {
    calls.push_back(std::move(call.call));
  }
  return calls;
}

std::string Chat(int64_t input = 10) {
  return absl::StrCat(Text("gen_ai.operation.name", "chat"), ",", Text("gen_ai.request.model", "m"),
                      ",", Number("gen_ai.usage.input_tokens", input));
}

TEST(SpanMapping, NamesTheAttributesThatAreStepWorkflowAndSession) {
  const SpanMapping mapping = Mapping(R"(
    step = ["app.node", "app.part"]
    workflow = "app.flow"
    session = "app.thread"
  )");
  const std::vector<Call> calls =
      Calls(mapping, {{"app", "00000000000000a1", "",
                       absl::StrCat(Text("app.flow", "tickets"), ",", Number("app.thread", 7))},
                      {"llm", "00000000000000a2", "00000000000000a1",
                       absl::StrCat(Chat(), ",", Text("gen_ai.agent.name", "no"), ",",
                                    Text("app.part", "second"), ",", Text("app.node", "first"))},
                      {"llm", "00000000000000a3", "00000000000000a1",
                       absl::StrCat(Chat(), ",", Text("app.part", "second"), ",",
                                    Text("itemized.step", "ours"))}});
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].step, "first");
  EXPECT_EQ(calls[1].step, "ours");
  EXPECT_EQ(calls[0].workflow, "tickets");
  EXPECT_THAT(calls[0].attributes, testing::Contains(Pair("session", "7")));
}

TEST(SpanMapping, GivesCallsAttributesOfTheNearestSpanOrOfTheResource) {
  const SpanMapping mapping = Mapping(R"(
    [attributes]
    tenant = "app.customer"
    environment = ["deployment.environment.name", "deployment.environment"]
  )");
  const std::vector<Call> calls =
      Calls(mapping,
            {{"app", "00000000000000a1", "", Text("app.customer", "acme")},
             {"llm", "00000000000000a2", "00000000000000a1", Chat()},
             {"llm", "00000000000000a3", "00000000000000a1",
              absl::StrCat(Chat(), ",", Text("app.customer", "other"))}},
            Text("deployment.environment", "production"));
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[0].attributes, testing::Contains(Pair("tenant", "acme")));
  EXPECT_THAT(calls[1].attributes, testing::Contains(Pair("tenant", "other")));
  EXPECT_THAT(calls[1].attributes, testing::Contains(Pair("environment", "production")));
}

TEST(SpanMapping, IgnoresAScopeButNotWhatIsBelowIt) {
  const SpanMapping mapping = Mapping("[[scope]]\nname = \"noise.*\"\nignore = true\n");
  const std::vector<Call> calls =
      Calls(mapping, {{"app", "00000000000000a1", "", Text("gen_ai.operation.name", "plan")},
                      {"noise.llm", "00000000000000a2", "00000000000000a1", Chat(99)},
                      {"llm", "00000000000000a3", "00000000000000a2", Chat(10)}});
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].usage->TotalInput(), 10);
  EXPECT_EQ(calls[0].step, "n00000000000000a1");
}

TEST(SpanMapping, SaysHowAScopeCountsItsCache) {
  const SpanMapping mapping = Mapping(R"(
    [[scope]]
    name = "my.*"
    cache = "exclusive"
    cache_write = "1h"
    [[scope]]
    name = "my.own"
    cache = "inclusive"
  )");
  const auto usage_of = [&](const std::string& scope, int64_t input) {
    return Calls(mapping, {{scope, "00000000000000a1", "",
                            absl::StrCat(Chat(input), ",",
                                         Number("gen_ai.usage.cache_read.input_tokens", 30), ",",
                                         Number("gen_ai.usage.cache_write.input_tokens", 20))}})
        .front();
  };
  const Usage exclusive = *usage_of("my.tracer", 100).usage;
  EXPECT_EQ(exclusive[UsageClass::kInput], 100);
  EXPECT_EQ(exclusive[UsageClass::kCacheWrite1h], 20);
  const Usage inclusive = *usage_of("my.own", 100).usage;
  EXPECT_EQ(inclusive[UsageClass::kInput], 50);
  EXPECT_EQ(inclusive[UsageClass::kCacheWrite5m], 20);
  // An input that was said to include the cache, and cannot, is not guessed at.
  EXPECT_FALSE(usage_of("my.own", 40).usage.has_value());
  EXPECT_TRUE(usage_of("my.own", 40).usage_unknown);
  EXPECT_EQ((*usage_of("another", 40).usage)[UsageClass::kInput], 40);
}

TEST(SpanMapping, TellsTheLineOfAMistake) {
  EXPECT_THAT(Mistake("step = [\n"), HasSubstr("spans.toml:"));
  EXPECT_EQ(Mistake("\nstpe = \"a\"\n"),
            "spans.toml:2: There is no \"stpe\" here; did you mean step?");
  EXPECT_THAT(Mistake("step = 3"), HasSubstr("spans.toml:1: This must be the key of an attribute"));
  EXPECT_THAT(Mistake("step = [\"a\",\n\"\"]"), HasSubstr("spans.toml:2: This must be the key"));
  EXPECT_THAT(Mistake("scope = 1"), HasSubstr("Write [[scope]]"));
  EXPECT_THAT(Mistake("[scope]\nname = \"a\""), HasSubstr("Write [[scope]]"));
  EXPECT_THAT(Mistake("[[scope]]\nignore = true"), HasSubstr("spans.toml:1: A scope needs a name"));
  EXPECT_THAT(Mistake("[[scope]]\nname = \"a\"\nignore = \"yes\""),
              HasSubstr("spans.toml:3: This must be true or false."));
  EXPECT_THAT(Mistake("[[scope]]\nname = \"a\"\ncache = \"both\""),
              HasSubstr("spans.toml:3: This must be \"inclusive\" or \"exclusive\"."));
  EXPECT_THAT(Mistake("[[scope]]\nname = \"a\"\n[[scope]]\nname = \"a\""),
              HasSubstr("stands here twice"));
  EXPECT_THAT(Mistake("[attributes]\nsession = \"a\""), HasSubstr("have an attribute"));
  EXPECT_THAT(Mistake("attributes = 1"), HasSubstr("must be a table"));
}

TEST(SpanMapping, OfNothingIsNothing) {
  EXPECT_THAT(Mapping("").keys(), IsEmpty());
  EXPECT_EQ(Mapping("").FindScope("a"), nullptr);
  EXPECT_EQ(SpanMapping::Load("/nowhere/spans.toml").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace itemized::server
