// SPDX-License-Identifier: Apache-2.0
// Spans over gRPC and HTTP, as exporters send them, in the bill of a whole server.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/otlp/trace_json.h"
#include "tests/server/http_api_fixture.h"

namespace itemized::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

namespace pb = itemized::v1;
namespace collector = opentelemetry::proto::collector;

constexpr char kTraceId[] = "0123456789abcdef0123456789abcdef";

// A span of a model that ends `second` seconds before the server's now.
std::string SpanJson(const std::string& id, int second, const std::string& attributes = "") {
  const int64_t end_ns = (kNowUs - second * int64_t{1'000'000}) * 1'000;
  return absl::StrCat(
      R"({"traceId":")", kTraceId, R"(","spanId":")", id, R"(","name":"chat m",)",
      R"("startTimeUnixNano":")", end_ns - 1'000'000, R"(","endTimeUnixNano":")", end_ns,
      R"(","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},)",
      R"({"key":"gen_ai.request.model","value":{"stringValue":"m"}},)", attributes,
      R"({"key":"gen_ai.usage.input_tokens","value":{"intValue":"1000000"}}]})");
}

std::string RequestJson(const std::string& spans) {
  return absl::StrCat(R"({"resourceSpans":[{"scopeSpans":[{"scope":{"name":"test"},"spans":[)",
                      spans, "]}]}]}");
}

constexpr char kJsonHeaders[] = "Content-Type: application/json\r\n";

class Otlp : public HttpApi {
 protected:
  collector::trace::v1::ExportTraceServiceResponse Export(
      const std::string& json, grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
    collector::trace::v1::ExportTraceServiceRequest request;
    EXPECT_TRUE(request.ParseFromString(TraceJsonToWire(json).value()));
    collector::trace::v1::ExportTraceServiceResponse response;
    grpc::ClientContext context;
    context.set_compression_algorithm(compression);
    const auto stub = collector::trace::v1::TraceService::NewStub(channel_);
    const grpc::Status status = stub->Export(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string Run() { return Ask(absl::StrCat("/api/v1/runs/", kTraceId)); }
};

TEST_F(Otlp, SpansAreCallsOfTheBillOverGrpc) {
  SetRate();
  EXPECT_FALSE(Export(RequestJson(SpanJson("00000000000000a1", 5))).has_partial_success());
  const std::string run = Run();
  EXPECT_THAT(run, HasSubstr(R"("event_id":"00000000000000a1")"));
  EXPECT_THAT(run, HasSubstr(R"("input_tokens":1000000)"));
  EXPECT_THAT(run, HasSubstr(R"("outcome":"completed")"));
  Export(RequestJson(SpanJson("00000000000000a1", 5)));
  EXPECT_EQ(Run(), run);
  EXPECT_THAT(Ask("/metrics"), HasSubstr("itemized_otlp_duplicate_spans_total 1\n"));
  EXPECT_THAT(Ask("/api/v1/info"), HasSubstr(R"("spans":{"spans":1,"duplicate_spans":1)"));
}

TEST_F(Otlp, ScopesThatNobodyKnowsAreNamedOnceForEachSpan) {
  const std::string request = RequestJson(SpanJson("00000000000000a1", 5));
  Export(request);
  Export(request);
  std::string known = RequestJson(SpanJson("00000000000000a2", 5));
  known.replace(known.find("\"test\""), 6, "\"ai\"");
  Export(known);
  EXPECT_THAT(Ask("/api/v1/info"), HasSubstr(R"("unknown_scopes":[{"scope":"test","spans":1}])"));
  EXPECT_THAT(Ask("/metrics"),
              HasSubstr("itemized_otlp_unknown_scope_spans_total{scope=\"test\"} 1\n"));
}

TEST_F(Otlp, TheSpansOfARunAreShownOverBothProtocols) {
  SetRate();
  const std::string span = SpanJson(
      "00000000000000a1", 5, R"({"key":"itemized.workflow_id","value":{"stringValue":"my-run"}},)");
  Export(RequestJson(absl::StrReplaceAll(
      span, {{R"("stringValue":"m")", R"("stringValue":")" + CallOf("x").model() + "\""}})));
  pb::GetSpansRequest request;
  request.set_workflow_id("my-run");
  pb::GetSpansResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(query_->GetSpans(&context, request, &response).ok());
  ASSERT_EQ(response.spans_size(), 1);
  EXPECT_EQ(response.spans(0).trace_id(), kTraceId);
  EXPECT_EQ(response.spans(0).part(), pb::SPAN_PART_COUNTED);
  EXPECT_NE(response.spans(0).cost_usd(), "");
  EXPECT_THAT(Ask("/api/v1/spans?workflow_id=my-run"),
              HasSubstr(R"("event_id":"00000000000000a1")"));
  EXPECT_THAT(Ask("/api/v1/spans?workflow_id=none"),
              HasSubstr(R"({"spans":[],"left_off_traces":0})"));
  EXPECT_THAT(Ask("/api/v1/spans"), HasSubstr("Give the workflow_id of the run."));
}

// Traces are left off whole, and the calls of a run come in several pages.
TEST_F(Otlp, AnAnswerHasRoomForSoManySpansOfARun) {
  SetRate();
  constexpr int kSpansOfATrace = 9'000;
  const std::string run = R"({"key":"itemized.workflow_id","value":{"stringValue":"my-run"}},)";
  for (int trace = 0; trace < 3; ++trace) {
    std::string spans;
    for (int i = 0; i < kSpansOfATrace; ++i) {
      absl::StrAppend(&spans, i == 0 ? "" : ",",
                      SpanJson(absl::StrFormat("%016x", trace * kSpansOfATrace + i + 1), 5, run));
    }
    Export(absl::StrReplaceAll(
        RequestJson(spans),
        {{kTraceId, absl::StrFormat("0123456789abcdef0123456789abcd%02x", trace)},
         {R"("stringValue":"m")", R"("stringValue":")" + CallOf("x").model() + "\""}}));
  }
  pb::GetSpansRequest request;
  request.set_workflow_id("my-run");
  pb::GetSpansResponse response;
  grpc::ClientContext context;
  const grpc::Status status = query_->GetSpans(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.left_off_traces(), 1);
  ASSERT_EQ(response.spans_size(), 2 * kSpansOfATrace);
  for (const pb::RunSpan& span : response.spans()) {
    ASSERT_NE(span.cost_usd(), "") << span.span_id();
  }
}

TEST_F(Otlp, SpansMayBeCompressed) {
  Export(RequestJson(SpanJson("00000000000000a1", 5)), GRPC_COMPRESS_GZIP);
  EXPECT_THAT(Run(), HasSubstr(R"("event_id":"00000000000000a1")"));
}

TEST_F(Otlp, AMessageThatIsTooLargeOnceItIsInflatedIsRefused) {
  collector::trace::v1::ExportTraceServiceRequest bomb;
  bomb.add_resource_spans(std::string(size_t{64} << 20, '\0'));
  collector::trace::v1::ExportTraceServiceResponse response;
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const auto stub = collector::trace::v1::TraceService::NewStub(channel_);
  const grpc::Status status = stub->Export(&context, bomb, &response);
  EXPECT_THAT(status.error_message(), HasSubstr("larger than 16777216 bytes once it is inflated"));
}

TEST_F(Otlp, SpansThatCannotBeKeptAreToldAndTheOthersKept) {
  const std::string spans =
      absl::StrCat(SpanJson("00000000000000a1", 5), ",", SpanJson("00000000000000a2", -86'400), ",",
                   SpanJson("0000000000000000", 5));
  const auto response = Export(RequestJson(spans));
  EXPECT_EQ(response.partial_success().rejected_spans(), 2);
  EXPECT_THAT(response.partial_success().error_message(), Not(::testing::IsEmpty()));
  EXPECT_THAT(Run(), HasSubstr("00000000000000a1"));
  EXPECT_THAT(Run(), Not(HasSubstr("00000000000000a2")));
  const std::string answer =
      Post("/v1/traces", RequestJson(SpanJson("0000000000000000", 5)), kJsonHeaders);
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(BodyOf(answer), HasSubstr(R"({"partialSuccess":{"rejectedSpans":"1",)"));
}

TEST_F(Otlp, ALaterSpanTakesBackWhatItShowsToBeASum) {
  const std::string agent = absl::StrCat(
      R"({"traceId":")", kTraceId, R"(","spanId":"00000000000000aa","name":"agent",)",
      R"("startTimeUnixNano":")", (kNowUs - 9'000'000) * 1'000, R"(","endTimeUnixNano":")",
      kNowUs * 1'000,
      R"(","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"invoke_agent"}},)",
      R"({"key":"gen_ai.request.model","value":{"stringValue":"m"}},)",
      R"({"key":"gen_ai.usage.input_tokens","value":{"intValue":"1000000"}}]})");
  Export(RequestJson(agent));
  EXPECT_THAT(Run(), HasSubstr(R"("event_id":"00000000000000aa")"));
  std::string call = SpanJson("00000000000000a1", 5);
  call.insert(1, R"("parentSpanId":"00000000000000aa",)");
  Export(RequestJson(call));
  EXPECT_THAT(Run(), HasSubstr(R"("event_id":"00000000000000a1")"));
  EXPECT_THAT(Run(), Not(HasSubstr(R"("event_id":"00000000000000aa")")));
  EXPECT_EQ(Top().total().calls(), 1);
}

TEST_F(Otlp, PromptsAndAnswersAreNotOnDisk) {
  Export(
      RequestJson(SpanJson("00000000000000a1", 5,
                           R"({"key":"gen_ai.output.messages","value":{"stringValue":"hunter2"}},)"
                           R"({"key":"gen_ai.prompt","value":{"stringValue":"hunter2"}},)")));
  EXPECT_THAT(Run(), HasSubstr("00000000000000a1"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      EXPECT_THAT(bytes, Not(HasSubstr("hunter2"))) << entry.path();
    }
  }
}

// Records of logs: one that says nothing of a bill, and a request of Claude Code.
std::string LogsJson() {
  return absl::StrCat(
      R"({"resourceLogs":[{"scopeLogs":[{"scope":{"name":"com.anthropic.claude_code.events"},)",
      R"("logRecords":[{"body":{"stringValue":"hello"}},{"timeUnixNano":")", kNowUs * 1'000,
      R"(","traceId":")", kTraceId, R"(","attributes":[)",
      R"({"key":"event.name","value":{"stringValue":"api_request"}},)",
      R"({"key":"model","value":{"stringValue":"m"}},)",
      R"({"key":"request_id","value":{"stringValue":"req-1"}},)",
      R"({"key":"output_tokens","value":{"stringValue":"1200"}}]}]}]}]})");
}

TEST_F(Otlp, RecordsOfRequestsAreCallsAndOtherSignalsAreDropped) {
  collector::logs::v1::ExportLogsServiceRequest request;
  ASSERT_TRUE(request.ParseFromString(LogsJsonToWire(LogsJson()).value()));
  collector::logs::v1::ExportLogsServiceResponse response;
  grpc::ClientContext context;
  const auto stub = collector::logs::v1::LogsService::NewStub(channel_);
  EXPECT_TRUE(stub->Export(&context, request, &response).ok());
  const std::string run = Run();
  EXPECT_THAT(run, HasSubstr(R"("output_tokens":1200)"));
  EXPECT_THAT(Post("/v1/logs", LogsJson(), kJsonHeaders), HasSubstr("200 OK"));
  EXPECT_EQ(Run(), run);
  EXPECT_THAT(Post("/v1/metrics", "{}", kJsonHeaders), HasSubstr("200 OK"));
  const std::string metrics = Ask("/metrics");
  EXPECT_THAT(metrics, HasSubstr("itemized_otlp_dropped_total{signal=\"logs\"} 2"));
  EXPECT_THAT(metrics, HasSubstr("itemized_otlp_dropped_total{signal=\"metrics\"} 1"));
}

}  // namespace
}  // namespace itemized::server
