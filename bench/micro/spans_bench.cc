// SPDX-License-Identifier: Apache-2.0
// What a span of OpenTelemetry takes on its way to a call: reading it, and counting its trace.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include <benchmark/benchmark.h>

#include "server/otlp/open_trace.h"
#include "server/otlp/span_reader.h"
#include "server/otlp/trace_decoder.h"
#include "server/otlp/trace_json.h"
#include "storage/base/check.h"

namespace itemized::server {
namespace {

constexpr int kSpans = 100;
constexpr int kSpansOfATrace = 10;  // A root, and calls below it.

std::string Attribute(const char* key, const std::string& value) {
  return absl::StrFormat(R"({"key":"%s","value":{"stringValue":"%s"}})", key, value);
}
std::string Number(const char* key, int value) {
  return absl::StrFormat(R"({"key":"%s","value":{"intValue":"%d"}})", key, value);
}

// A request of 100 spans with 12 attributes each, as an instrumentation of the newest conventions
// sends it.
std::string MakeRequest() {
  std::string spans;
  for (int i = 0; i < kSpans; ++i) {
    const int trace = i / kSpansOfATrace;
    const bool is_root = i % kSpansOfATrace == 0;
    const std::string parent =
        is_root ? "" : absl::StrFormat(R"("parentSpanId":"%016x",)", trace * kSpansOfATrace + 1);
    absl::StrAppend(
        &spans, i == 0 ? "" : ",",
        absl::StrFormat(R"({"traceId":"%032x","spanId":"%016x",%s"name":"chat gpt-5",)", trace + 1,
                        i + 1, parent),
        absl::StrFormat(R"("startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[)",
                        int64_t{1'795'165'200'000'000'000} + i * int64_t{200'000'000},
                        int64_t{1'795'165'200'100'000'000} + i * int64_t{200'000'000}),
        Attribute("gen_ai.operation.name", is_root ? "invoke_agent" : "chat"), ",",
        Attribute("gen_ai.provider.name", "openai"), ",",
        Attribute("gen_ai.request.model", "gpt-5"), ",",
        Attribute("gen_ai.response.model", "gpt-5-2025-08-07"), ",",
        Attribute("gen_ai.response.id", absl::StrCat("chatcmpl-", i)), ",",
        Number("gen_ai.usage.input_tokens", 1'000 + i), ",",
        Number("gen_ai.usage.output_tokens", 100 + i), ",",
        Number("gen_ai.usage.cache_read.input_tokens", 500), ",",
        Attribute("gen_ai.agent.name", "planner"), ",", Attribute("server.address", "api.test"),
        ",", Number("server.port", 443), ",",
        Attribute("gen_ai.input.messages", "a prompt that is not looked at"), "]}");
  }
  const absl::StatusOr<std::string> wire = TraceJsonToWire(
      absl::StrCat(R"({"resourceSpans":[{"scopeSpans":[{"spans":[)", spans, "]}]}]}"));
  CHECK_OK(wire.status());
  return *wire;
}

struct Read {
  std::string trace_id;
  spans::v1::KeptSpan span;
};

std::vector<Read> ReadAll(const std::string& request) {
  std::vector<Read> spans;
  CHECK_OK(DecodeTraces(
      request, SpanMapping(),
      [&](const SpanSource& source, const RawSpan& raw) {
        spans.push_back({std::string(raw.trace_id), ReadSpan(source, raw).value()});
      },
      [](const std::string&) { CHECK(false); }));
  return spans;
}

void BM_ReadSpans(benchmark::State& state) {
  const std::string request = MakeRequest();
  for (auto _ : state) {
    benchmark::DoNotOptimize(ReadAll(request));
  }
  state.SetItemsProcessed(state.iterations() * kSpans);
}
BENCHMARK(BM_ReadSpans);

void BM_ReadAndCountSpans(benchmark::State& state) {
  const std::string request = MakeRequest();
  for (auto _ : state) {
    std::vector<Read> spans = ReadAll(request);
    for (int first = 0; first < kSpans; first += kSpansOfATrace) {
      OpenTrace trace(spans[static_cast<size_t>(first)].trace_id);
      for (int i = first; i < first + kSpansOfATrace; ++i) {
        trace.Add(std::move(spans[static_cast<size_t>(i)].span));
      }
      const TraceChanges changes = trace.Recount();
      CHECK(changes.calls.size() == kSpansOfATrace - 1);
      for (const size_t span : changes.kept) {
        benchmark::DoNotOptimize(trace[span].SerializeAsString());
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * kSpans);
}
BENCHMARK(BM_ReadAndCountSpans);

}  // namespace
}  // namespace itemized::server
