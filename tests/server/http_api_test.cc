// SPDX-License-Identifier: Apache-2.0
// These tests compare the HTTP API of a whole server with the same answers through gRPC.

#include <string>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>

#include "server/http/pages.h"
#include "tests/server/http_api_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(HttpApi, AnswersAsGrpcDoes) {
  SetRate();
  std::string body;
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&body, R"({"time":"2026-10-)", 10 + i,
                    R"(T00:00:00Z","workflow":"ticket","workflow_id":"run-)", i % 4,
                    R"(","step":"step-)", i % 3, R"(","provider":"p","model":")",
                    CallOf("x").model(), R"(","usage":{"input_tokens":)", 1000 + i, "}}\n");
  }
  ASSERT_THAT(Post("/api/v1/events", body), HasSubstr("\"accepted\":20"));
  EXPECT_EQ(Ask("/api/v1/top"), Json(Top()));

  pb::GetTopRequest filtered;
  filtered.set_by(pb::GROUP_BY_WORKFLOW);
  filtered.mutable_filter()->set_step("step-1");
  pb::GetTopResponse top;
  grpc::ClientContext top_context;
  ASSERT_TRUE(query_->GetTop(&top_context, filtered, &top).ok());
  EXPECT_EQ(top.total().calls(), 7);
  EXPECT_EQ(Ask("/api/v1/top?by=workflow&step=step-1"), Json(top));

  pb::GetSeriesRequest by_model;
  by_model.set_every_us(kMicrosPerDay);
  by_model.set_by(pb::GROUP_BY_MODEL);
  pb::GetSeriesResponse series;
  grpc::ClientContext series_context;
  ASSERT_TRUE(query_->GetSeries(&series_context, by_model, &series).ok());
  ASSERT_EQ(series.groups_size(), 1);
  EXPECT_EQ(series.groups(0).calls(), 20);
  EXPECT_EQ(Ask("/api/v1/series?by=model"), Json(series));

  pb::GetDistributionRequest of_step;
  of_step.set_step("step-0");
  pb::GetDistributionResponse distribution;
  grpc::ClientContext distribution_context;
  ASSERT_TRUE(query_->GetDistribution(&distribution_context, of_step, &distribution).ok());
  EXPECT_EQ(distribution.count(), 7);
  EXPECT_EQ(Ask("/api/v1/distribution?step=step-0"), Json(distribution));
}

TEST_F(HttpApi, ShowsARunInPages) {
  std::string body;
  for (int i = 0; i < 5; ++i) {
    absl::StrAppend(&body, R"({"event_id":"c-)", i,
                    R"(","time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"s","model":"m"})",
                    "\n");
  }
  ASSERT_THAT(Post("/api/v1/events", body), HasSubstr("\"accepted\":5"));
  const std::string first = Ask("/api/v1/runs/r?limit=3");
  EXPECT_THAT(
      first, AllOf(HasSubstr("\"c-2\""), Not(HasSubstr("\"c-3\"")), HasSubstr("\"call_count\":5")));
  constexpr char kName[] = "\"next_page_token\":\"";
  const size_t token = first.find(kName) + sizeof(kName) - 1;
  const std::string rest = Ask(absl::StrCat("/api/v1/runs/r?limit=3&page_token=",
                                            first.substr(token, first.find('"', token) - token)));
  EXPECT_THAT(rest, AllOf(HasSubstr("\"c-3\""), HasSubstr("\"c-4\""), Not(HasSubstr("\"c-2\"")),
                          Not(HasSubstr("next_page_token"))));
  EXPECT_THAT(Get(http_port(), "/api/v1/runs/r?page_token=x"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Get(http_port(), "/api/v1/runs/r?limit=10001"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpApi, SetsRatesAndListsThem) {
  const std::string rates =
      R"({"rates":[{"match":{"equals":"m"},"prices":{"input":"2.50","output":"10"}}]})";
  ASSERT_THAT(Post("/api/v1/events", kLine), HasSubstr("\"accepted\":1"));
  EXPECT_THAT(Ask("/api/v1/rates"), HasSubstr("\"unpriced\":[{\"provider\":\"p\""));
  EXPECT_THAT(Post("/api/v1/rates", rates), StartsWith("HTTP/1.1 415"));
  const std::string json = "Content-Type: application/json; charset=utf-8\r\n";
  EXPECT_THAT(Post("/api/v1/rates", rates, json),
              HasSubstr("{\"added\":1,\"replaced\":0,\"repriced_calls\":1}"));
  EXPECT_THAT(Ask("/api/v1/top"), HasSubstr("\"cost_usd\":\"2.5\""));
  EXPECT_THAT(Post("/api/v1/rates", R"({"rates":[{"modl":"m"}]})", json),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Post("/api/v1/rates",
                   R"({"rates":[{"match":{"equals":"m"},"prices":{"input":"-1"}}]})", json),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpApi, SaysWhatIsWrongWithAQuestion) {
  EXPECT_THAT(Get(http_port(), "/api/v1/runs/nobody"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get(http_port(), "/api/v1/runs/"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Get(http_port(), "/api/v1/top?limt=3"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("/api/v1/top?limt=3"), StartsWith("{\"error\":\"There is no parameter"));
  EXPECT_THAT(Get(http_port(), "/api/v1/events"),
              AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: POST\r\n")));
  EXPECT_THAT(Get(http_port(), "/api/v2/top"), StartsWith("HTTP/1.1 404"));
}

TEST_F(HttpApi, CountsWhatCameIn) {
  ASSERT_THAT(Post("/api/v1/events", absl::StrCat(kLine, "\nnonsense\n")), HasSubstr("accepted"));
  ASSERT_THAT(Post("/api/v1/events", kLine), HasSubstr("\"duplicate\":1"));
  std::string conflicting = kLine;
  conflicting.replace(conflicting.find("1000000"), 1, "2");
  ASSERT_THAT(Post("/api/v1/events", conflicting), HasSubstr("\"conflict\":1"));
  EXPECT_THAT(Ask("/api/v1/info"),
              HasSubstr("\"ingested\":{\"calls\":1,\"completions\":0,\"late_calls\":1,"
                        "\"duplicates\":1,\"refused\":1,\"conflicts\":1,\"commits\":3}"));
  const std::string metrics = Ask("/metrics");
  EXPECT_THAT(metrics, HasSubstr("\nitemized_events_total{result=\"duplicate\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\nitemized_late_calls_total 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\nitemized_step_calls_30d{step=\"plan\"} 1\n"));
}

TEST_F(HttpApi, EscapesStepsInMetrics) {
  ASSERT_THAT(
      Post("/api/v1/events",
           R"({"time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"a\"b\\c\nd","model":"m"})"),
      HasSubstr("\"accepted\":1"));
  EXPECT_THAT(Ask("/metrics"), HasSubstr("{step=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST_F(HttpApi, AHeadRequestIsAnsweredWithoutABody) {
  const std::string answer = Exchange(
      http_port(), "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Length: 21\r\n")));
  EXPECT_EQ(BodyOf(answer), "");
}

TEST_F(HttpApi, SaysWhetherItServes) {
  EXPECT_THAT(Get(http_port(), "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get(http_port(), "/readyz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpApi, RefusesOtherNamesAndOrigins) {
  EXPECT_THAT(
      Exchange(http_port(),
               "GET /api/v1/top HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
      StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(Post("/api/v1/events", kLine, "Origin: http://evil.example\r\n"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(Top().total().calls(), 0);
}

TEST_F(HttpApi, ServesThePageUnderAStrictPolicy) {
  if (EmbeddedPages().empty()) {
    EXPECT_THAT(Get(http_port(), "/"), HasSubstr("built without its dashboard"));
    GTEST_SKIP() << "built without the dashboard";
  }
  const auto page = [this](const std::string& path) {
    return Exchange(http_port(),
                    absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n",
                                 "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n"));
  };
  for (const char* path : {"/", "/workflows", "/steps/a%2Fb", "/runs/run-1", "/outliers"}) {
    EXPECT_THAT(
        page(path),
        AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Security-Policy: default-src 'none';"),
              HasSubstr("Cache-Control: no-cache"), HasSubstr("Content-Encoding: gzip")))
        << path;
  }
  size_t bytes = 0;
  for (const PageFile& file : EmbeddedPages()) {
    bytes += file.gzip.size();
    if (file.path != "/") {
      EXPECT_THAT(page(std::string(file.path)), HasSubstr("immutable")) << file.path;
    }
  }
  EXPECT_LT(bytes, 150'000U);
  // curl and Python take no gzip unless they are told to.
  EXPECT_THAT(Get(http_port(), "/"),
              AllOf(StartsWith("HTTP/1.1 200"), Not(HasSubstr("Content-Encoding")),
                    HasSubstr("<!doctype html>")));
  EXPECT_THAT(page("/assets/nothing.js"), StartsWith("HTTP/1.1 404"));
}

}  // namespace
}  // namespace itemized::server
