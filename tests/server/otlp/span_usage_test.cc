// SPDX-License-Identifier: Apache-2.0
// What the counts of spans mean, whichever way an emitter writes them.

#include "server/otlp/span_usage.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

using Counts =
    std::array<int64_t, 6>;  // Input, read, written for 5 minutes, 1 hour, output, reasoning.

RawSpan With(const std::vector<std::pair<const char*, SpanValue>>& attributes) {
  RawSpan span;
  for (const auto& [key, value] : attributes) {
    span.values[static_cast<size_t>(FindSpanAttribute(key).value())] = value;
  }
  return span;
}
SpanValue Number(int64_t number) {
  return {.kind = SpanValue::Kind::kWhole, .text = {}, .whole = number};
}
SpanValue Text(const char* text) {
  return {.kind = SpanValue::Kind::kText, .text = text};
}
SpanValue Fraction(double number) {
  return {.kind = SpanValue::Kind::kFraction, .text = {}, .whole = 0, .fraction = number};
}

Counts Read(const RawSpan& span, CacheAccounting accounting = CacheAccounting::kUnsaid) {
  const SpanUsage read = ReadSpanUsage(span, accounting);
  EXPECT_TRUE(read.usage.has_value());
  const Usage usage = read.usage.value_or(Usage());
  return {usage[UsageClass::kInput],        usage[UsageClass::kCacheRead],
          usage[UsageClass::kCacheWrite5m], usage[UsageClass::kCacheWrite1h],
          usage[UsageClass::kOutput],       usage[UsageClass::kReasoning]};
}

TEST(SpanUsage, OfTheConventionsHasTheCacheInTheInput) {
  EXPECT_EQ(Read(With({{"gen_ai.usage.input_tokens", Number(12'000)},
                       {"gen_ai.usage.output_tokens", Number(600)},
                       {"gen_ai.usage.cache_read.input_tokens", Number(9'000)},
                       {"gen_ai.usage.cache_write.input_tokens", Number(2'000)},
                       {"gen_ai.usage.reasoning.output_tokens", Number(100)}})),
            (Counts{1'000, 9'000, 2'000, 0, 600, 100}));
}

TEST(SpanUsage, TakesNumbersThatAreTextsOrFractions) {
  EXPECT_EQ(Read(With({{"gen_ai.usage.prompt_tokens", Text("512")},
                       {"gen_ai.usage.completion_tokens", Fraction(3.0)}})),
            (Counts{512, 0, 0, 0, 3, 0}));
}

TEST(SpanUsage, OfWhatIsNoCountIsUnknown) {
  for (const SpanValue& value :
       {Number(-1), Text("many"), Fraction(1.5), Number(int64_t{1} << 50)}) {
    const SpanUsage read =
        ReadSpanUsage(With({{"gen_ai.usage.input_tokens", value}}), CacheAccounting::kUnsaid);
    EXPECT_FALSE(read.usage.has_value());
    EXPECT_TRUE(read.is_unknown);
  }
  const SpanUsage none = ReadSpanUsage(RawSpan(), CacheAccounting::kUnsaid);
  EXPECT_FALSE(none.usage.has_value());
  EXPECT_FALSE(none.is_unknown);
}

TEST(SpanUsage, WithMoreCacheThanInputHasItBeside) {
  EXPECT_EQ(Read(With({{"gen_ai.usage.input_tokens", Number(2)},
                       {"gen_ai.usage.cache_read.input_tokens", Number(84'562)}})),
            (Counts{2, 84'562, 0, 0, 0, 0}));
}

TEST(SpanUsage, OfAScopeThatCountsApartHasTheCacheBeside) {
  const RawSpan span = With({{"gen_ai.usage.input_tokens", Number(100)},
                             {"gen_ai.usage.cache_read_input_tokens", Number(10)}});
  EXPECT_EQ(Read(span, AccountingOfScope("@traceloop/instrumentation-anthropic", span)),
            (Counts{100, 10, 0, 0, 0, 0}));
  EXPECT_EQ(Read(span, AccountingOfScope("@traceloop/instrumentation-openai", span)),
            (Counts{90, 10, 0, 0, 0, 0}));
}

// What is left of it if an exporter takes the provider's own words away, as Traceloop's SDK does.
TEST(SpanUsage, OfAnOldAiSdkHasTheCacheBesideWhereTheProviderHas) {
  const auto read = [](const char* provider, const std::string& key) {
    const RawSpan span = With({{"gen_ai.usage.input_tokens", Number(511)},
                               {"gen_ai.usage.cache_creation.input_tokens", Number(111)},
                               {"gen_ai.provider.name", Text(provider)}});
    return Read(span, AccountingOfScope(key, span));
  };
  EXPECT_EQ(read("anthropic", "ai"), (Counts{511, 0, 111, 0, 0, 0}));
  EXPECT_EQ(read("openai", "ai"), (Counts{400, 0, 111, 0, 0, 0}));
  EXPECT_EQ(read("anthropic", "gen_ai"), (Counts{400, 0, 111, 0, 0, 0}));
  const RawSpan newer = With({{"gen_ai.provider.name", Text("anthropic")},
                              {"ai.usage.inputTokenDetails.noCacheTokens", Number(1)}});
  EXPECT_EQ(AccountingOfScope("ai", newer), CacheAccounting::kUnsaid);
}

TEST(SpanUsage, OfAnthropicsOwnSpansSaysForHowLongItWasWritten) {
  EXPECT_EQ(Read(With({{"gen_ai.usage.input_tokens", Number(42'800)},
                       {"gen_ai.usage.cache_write.input_tokens", Number(2'450)},
                       {"gen_ai.usage.cache_read.input_tokens", Number(40'000)},
                       {"anthropic.usage.cache_creation.ephemeral_5m_input_tokens", Number(2'000)},
                       {"anthropic.usage.cache_creation.ephemeral_1h_input_tokens", Number(450)}})),
            (Counts{350, 40'000, 2'000, 450, 0, 0}));
}

TEST(SpanUsage, OfTheAiSdkIsWhatTheProviderSaidIfItIsThere) {
  // Version 5 subtracts the cache from what does not have it.
  EXPECT_EQ(Read(With({{"ai.usage.inputTokens", Number(500)},
                       {"ai.usage.cachedInputTokens", Number(7'500)},
                       {"ai.usage.outputTokens", Number(9)},
                       {"ai.response.providerMetadata",
                        Text(R"({"anthropic":{"usage":{"input_tokens":500,"output_tokens":9,)"
                             R"("cache_creation_input_tokens":100,"cache_read_input_tokens":7500,)"
                             R"("cache_creation":{"ephemeral_5m_input_tokens":0,)"
                             R"("ephemeral_1h_input_tokens":100}}}})")}})),
            (Counts{500, 7'500, 0, 100, 9, 0}));
  // The usage object of a stream may be that of its beginning.
  EXPECT_EQ(Read(With({{"ai.usage.outputTokens", Number(90)},
                       {"ai.response.providerMetadata",
                        Text(R"({"anthropic":{"usage":{"input_tokens":5,"output_tokens":1}}})")}})),
            (Counts{5, 0, 0, 0, 90, 0}));
  EXPECT_EQ(Read(With({{"ai.usage.inputTokens", Number(22'700)},
                       {"ai.usage.inputTokenDetails.noCacheTokens", Number(700)},
                       {"ai.usage.inputTokenDetails.cacheReadTokens", Number(0)},
                       {"ai.usage.inputTokenDetails.cacheWriteTokens", Number(22'000)},
                       {"ai.usage.outputTokens", Number(90)}})),
            (Counts{700, 0, 22'000, 0, 90, 0}));
  EXPECT_EQ(Read(With({{"ai.usage.tokens", Number(512)}})), (Counts{512, 0, 0, 0, 0, 0}));
}

TEST(SpanUsage, OfLangfuseIsDisjointAndHasReasoningBesideTheOutput) {
  EXPECT_EQ(Read(With({{"gen_ai.usage.input_tokens", Number(99)},
                       {"langfuse.observation.usage_details",
                        Text(R"({"input":10,"input_cached_tokens":30,"output":5,)"
                             R"("output_reasoning_tokens":7,"total":52})")}})),
            (Counts{10, 30, 0, 0, 12, 7}));
}

// Its wrapper of OpenAI's client takes each detail out, its handler of LangChain those of
// LangChain.
TEST(SpanUsage, OfLangfuseHasEveryDetailOutOfInputAndOutput) {
  const auto read = [](const char* json) {
    const SpanUsage usage =
        ReadSpanUsage(With({{"langfuse.observation.usage_details", Text(json)}}), {});
    EXPECT_TRUE(usage.usage.has_value()) << json;
    return usage.usage.value_or(Usage());
  };
  const Usage openai = read(
      R"({"input":900,"output":50,"total":1250,"input_cached_tokens":100,"input_audio_tokens":30,)"
      R"("output_reasoning_tokens":70,"output_audio_tokens":20,)"
      R"("output_accepted_prediction_tokens":40,"output_rejected_prediction_tokens":40})");
  EXPECT_EQ(openai.TotalInput(), 1'030);
  EXPECT_EQ(openai[UsageClass::kInputAudio], 30);
  EXPECT_EQ(openai[UsageClass::kOutput], 200);
  EXPECT_EQ(openai[UsageClass::kOutputAudio], 20);
  const Usage written = read(R"({"input":5,"input_cache_creation":100,)"
                             R"("input_ephemeral_5m_input_tokens":60,)"
                             R"("input_ephemeral_1h_input_tokens":40})");
  EXPECT_EQ(written[UsageClass::kCacheWrite5m], 60);
  EXPECT_EQ(written[UsageClass::kCacheWrite1h], 40);
  EXPECT_EQ(written.TotalInput(), 105);
}

TEST(SpanUsage, OfLangfuseMayBeAReportOfTheProvider) {
  EXPECT_EQ(Read(With({{"langfuse.observation.usage_details",
                        Text(R"({"prompt_tokens":3000,"completion_tokens":200,"total_tokens":3200,)"
                             R"("prompt_tokens_details":{"cached_tokens":1024},)"
                             R"("completion_tokens_details":{"reasoning_tokens":64}})")}})),
            (Counts{1'976, 1'024, 0, 0, 200, 64}));
}

TEST(SpanUsage, OfLangsmithAndOpenInference) {
  EXPECT_EQ(Read(With({{"gen_ai.usage.input_tokens", Number(100)},
                       {"gen_ai.usage.output_tokens", Number(20)},
                       {"gen_ai.usage.input_token_details",
                        Text(R"({"cache_read":40,"cache_creation":10})")},
                       {"gen_ai.usage.output_token_details", Text(R"({"reasoning":5})")}})),
            (Counts{50, 40, 10, 0, 20, 5}));
  EXPECT_EQ(Read(With({{"llm.token_count.prompt", Number(100)},
                       {"llm.token_count.completion", Number(20)},
                       {"llm.token_count.prompt_details.cache_read", Number(40)},
                       {"llm.token_count.prompt_details.cache_write", Number(10)},
                       {"llm.token_count.completion_details.reasoning", Number(5)}})),
            (Counts{50, 40, 10, 0, 20, 5}));
}

}  // namespace
}  // namespace itemized::server
