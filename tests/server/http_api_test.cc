// SPDX-License-Identifier: Apache-2.0
// The HTTP API of a whole server, beside the same answers through gRPC.

#include <zlib.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"
#include <gmock/gmock.h>

#include "server/http/pages.h"
#include "tests/server/http_client.h"
#include "tests/server/server_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kLine[] =
    R"({"event_id":"c-1","time":"2026-11-01T00:00:00Z","workflow":"ticket","workflow_id":"run/1",)"
    R"("step":"plan","provider":"p","model":"m","usage":{"input_tokens":1000000}})";

std::string BodyOf(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

std::string Gzip(const std::string& content) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string input = content;
  std::string gzip(deflateBound(&stream, input.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(gzip.data());
  stream.avail_out = static_cast<uInt>(gzip.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  gzip.resize(stream.total_out);
  deflateEnd(&stream);
  return gzip;
}

class HttpApi : public ServerTest {
 protected:
  std::string Post(const std::string& path, const std::string& body,
                   const std::string& headers = "") {
    return Exchange(http_port(), absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: localhost\r\n",
                                              headers, "Connection: close\r\nContent-Length: ",
                                              body.size(), "\r\n\r\n", body));
  }
  std::string Ask(const std::string& path) { return BodyOf(Get(http_port(), path)); }
  static std::string Json(const google::protobuf::Message& message) {
    return text::ToJson(message, text::JsonLayout::kOneLine).value() + "\n";
  }
};

TEST_F(HttpApi, TakesEventsAndShowsThem) {
  EXPECT_EQ(BodyOf(Post("/api/v1/events", kLine)),
            "{\"accepted\":1,\"duplicate\":0,\"refused\":0,\"conflict\":0,\"refusals\":[],"
            "\"refusals_omitted\":0}\n");
  EXPECT_THAT(Ask("/api/v1/runs/run%2F1"), HasSubstr("\"workflow_id\":\"run/1\""));
  EXPECT_EQ(BodyOf(Post("/api/v1/events", kLine)),
            "{\"accepted\":0,\"duplicate\":1,\"refused\":0,\"conflict\":0,\"refusals\":[],"
            "\"refusals_omitted\":0}\n");
}

TEST_F(HttpApi, NamesEveryRefusedLine) {
  const std::string other = absl::StrCat(
      R"({"event_id":"c-2","time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"","model":"m"})");
  const std::string body = absl::StrCat("\n", kLine, "\r\n{\"tme\":1}\nnonsense\n", other, "\n");
  const std::string answer = Post("/api/v1/events", body);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(BodyOf(answer), StartsWith("{\"accepted\":1,\"duplicate\":0,\"refused\":3,"));
  EXPECT_THAT(answer, HasSubstr("{\"line\":3,\"code\":\"malformed\""));
  EXPECT_THAT(answer, HasSubstr("{\"line\":4,\"code\":\"malformed\""));
  EXPECT_THAT(answer, HasSubstr("{\"line\":5,\"code\":\"missing_field\""));
}

TEST_F(HttpApi, ABodyOfWhichNothingIsStoredIsAnError) {
  EXPECT_THAT(Post("/api/v1/events", "nonsense"), StartsWith("HTTP/1.1 422"));
  EXPECT_THAT(Post("/api/v1/events", ""), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Post("/api/v1/events?format=otlp", kLine), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpApi, ALineWithoutAnIdIsKnownByItsPlaceInTheBody) {
  std::string line = kLine;
  line.replace(line.find("\"event_id\":\"c-1\","), sizeof("\"event_id\":\"c-1\",") - 1, "");
  const std::string twice = absl::StrCat(line, "\n", line, "\n");
  EXPECT_THAT(Post("/api/v1/events", twice), HasSubstr("\"accepted\":2,\"duplicate\":0"));
  EXPECT_THAT(Post("/api/v1/events", twice), HasSubstr("\"accepted\":0,\"duplicate\":2"));
}

TEST_F(HttpApi, TellsOfTheFirstHundredRefusedLinesAndCountsTheOthers) {
  std::string body = absl::StrCat(kLine, "\n");
  for (int i = 0; i < 100'000; ++i) {
    body += "x\n";
  }
  std::string answer = BodyOf(Post("/api/v1/events", body));
  EXPECT_THAT(answer, StartsWith("{\"accepted\":1,\"duplicate\":0,\"refused\":100000,"));
  EXPECT_THAT(answer, HasSubstr("{\"line\":2,"));
  EXPECT_THAT(answer, HasSubstr("{\"line\":101,"));
  EXPECT_THAT(answer, Not(HasSubstr("{\"line\":102,")));
  EXPECT_THAT(answer, HasSubstr("\"refusals_omitted\":99900}"));
  EXPECT_LT(answer.size(), 50'000U);
  // Refusals that the store finds, in several batches.
  body.clear();
  for (int i = 0; i < 12'000; ++i) {
    body += R"({"time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"","model":"m"})"
            "\n";
  }
  answer = BodyOf(Post("/api/v1/events", body));
  EXPECT_THAT(answer, StartsWith("{\"accepted\":0,\"duplicate\":0,\"refused\":12000,"));
  EXPECT_THAT(answer, HasSubstr("[{\"line\":1,"));
  EXPECT_THAT(answer, HasSubstr("{\"line\":100,"));
  EXPECT_THAT(answer, Not(HasSubstr("{\"line\":101,")));
  EXPECT_THAT(answer, HasSubstr("\"refusals_omitted\":11900}"));
}

TEST_F(HttpApi, TakesAnArray) {
  std::string other = kLine;
  other.replace(other.find("c-1"), 3, "c-2");
  const std::string body = absl::StrCat("[\n", kLine, ",\n{\"tme\":1}, 7,\n", other, "]");
  const std::string answer = BodyOf(Post("/api/v1/events", body));
  EXPECT_THAT(answer, StartsWith("{\"accepted\":2,\"duplicate\":0,\"refused\":2,"));
  EXPECT_THAT(answer, HasSubstr("{\"line\":3,\"index\":1,\"code\":\"malformed\""));
  EXPECT_THAT(answer, HasSubstr("{\"line\":3,\"index\":2,\"code\":\"malformed\""));
  EXPECT_THAT(Post("/api/v1/events", "[]"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpApi, AnElementWithoutAnIdIsKnownByItsPlaceInTheArray) {
  const std::string one =
      R"({"time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"s","model":"m"})";
  const std::string array = absl::StrCat("[", one, ",", one, "]");
  EXPECT_THAT(Post("/api/v1/events", array), HasSubstr("\"accepted\":2,\"duplicate\":0"));
  EXPECT_THAT(Post("/api/v1/events", array), HasSubstr("\"accepted\":0,\"duplicate\":2"));
}

TEST_F(HttpApi, TakesPrettyPrintedObjects) {
  std::string pretty = kLine;
  for (size_t at = 0; (at = pretty.find_first_of(",{", at)) != std::string::npos; at += 3) {
    pretty.insert(at + 1, "\n ");
  }
  std::string other = pretty;
  other.replace(other.find("c-1"), 3, "c-2");
  EXPECT_THAT(Post("/api/v1/events", absl::StrCat(pretty, "\n", other, "\n")),
              HasSubstr("{\"accepted\":2,\"duplicate\":0,\"refused\":0,"));
}

TEST_F(HttpApi, TakesGzippedBodies) {
  const std::string gzip = Gzip(kLine);
  EXPECT_THAT(Post("/api/v1/events", gzip, "Content-Encoding: gzip\r\n"),
              HasSubstr("\"accepted\":1"));
  EXPECT_THAT(Post("/api/v1/events", gzip.substr(0, gzip.size() - 1), "Content-Encoding: gzip\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Post("/api/v1/events", kLine, "Content-Encoding: gzip\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Post("/api/v1/events", gzip, "Content-Encoding: br\r\n"),
              AllOf(StartsWith("HTTP/1.1 415"), HasSubstr("Accept-Encoding: gzip\r\n")));
  EXPECT_THAT(Post("/api/v1/events", kLine, "Content-Encoding: identity\r\n"),
              HasSubstr("\"duplicate\":1"));
  const std::string bomb = Gzip(std::string((16 << 20) + 1, ' '));
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_THAT(Post("/api/v1/events", bomb, "Content-Encoding: gzip\r\n"),
              StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpApi, APageMayOnlySendJson) {
  const std::string ours =
      absl::StrCat("Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n");
  EXPECT_THAT(Post("/api/v1/events", kLine, ours + "Content-Type: text/plain\r\n"),
              StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(Post("/api/v1/events", kLine, ours), StartsWith("HTTP/1.1 415"));
  EXPECT_EQ(Top().total().calls(), 0);
  EXPECT_THAT(Post("/api/v1/events", kLine, ours + "Content-Type: application/json\r\n"),
              HasSubstr("\"accepted\":1"));
  // As curl --data-binary sends it.
  EXPECT_THAT(Post("/api/v1/events", kLine, "Content-Type: application/x-www-form-urlencoded\r\n"),
              HasSubstr("\"duplicate\":1"));
}

TEST_F(HttpApi, TakesBodiesOfMoreEventsThanABatchHas) {
  std::string body;
  for (int i = 0; i < 12'000; ++i) {
    absl::StrAppend(&body, R"({"time":"2026-11-01T00:00:00Z","workflow_id":"run-)", i / 10,
                    R"(","step":"plan","model":"m","usage":{"input_tokens":1}})", "\n");
  }
  body += "{}\n";
  const std::string answer = BodyOf(Post("/api/v1/events", body));
  EXPECT_THAT(answer, StartsWith("{\"accepted\":12000,\"duplicate\":0,\"refused\":1,"));
  EXPECT_THAT(answer, HasSubstr("{\"line\":12001,"));
  EXPECT_EQ(Top().total().calls(), 12'000);
}

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
