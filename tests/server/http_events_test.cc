// SPDX-License-Identifier: Apache-2.0
// These tests send events over HTTP, in every form of a body, and look at what became of them.

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>

#include "tests/server/http_api_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

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
TEST_F(HttpApi, TakesEventsAndShowsThem) {
  EXPECT_EQ(BodyOf(Post("/api/v1/events", kLine)),
            "{\"accepted\":1,\"duplicate\":0,\"refused\":0,\"conflict\":0,\"refusals\":[],"
            "\"refusals_omitted\":0}\n");
  EXPECT_THAT(Ask("/api/v1/runs/run%2F1"), HasSubstr("\"workflow_id\":\"run/1\""));
  EXPECT_EQ(BodyOf(Post("/api/v1/events", kLine)),
            "{\"accepted\":0,\"duplicate\":1,\"refused\":0,\"conflict\":0,\"refusals\":[],"
            "\"refusals_omitted\":0}\n");
}

// Returns the bytes of all files below the data directory.
std::string BytesBelow(const std::string& directory) {
  std::string bytes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  return bytes;
}

TEST_F(HttpApi, KeepsTheNumbersOfAReportAndNothingThatAUserWrote) {
  constexpr char kReport[] =
      R"({"time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"s","usage_reported":)"
      R"({"model":"gpt-5","choices":[{"message":{"content":"hunter2"}}],"usage":)"
      R"({"prompt_tokens":10,"completion_tokens":5,"kept_tokens":77,"prompt":"hunter2"}}})";
  EXPECT_THAT(Post("/api/v1/events", kReport), HasSubstr("\"accepted\":1"));
  const std::string kept = Ask("/api/v1/runs/r?with_usage_reported=1");
  EXPECT_THAT(kept, HasSubstr(R"(\"kept_tokens\":77)"));
  EXPECT_THAT(kept, Not(HasSubstr("hunter2")));
  EXPECT_THAT(Ask("/api/v1/runs/r"), Not(HasSubstr("kept_tokens")));
  EXPECT_THAT(BytesBelow(directory_.path()), Not(HasSubstr("hunter2")));
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
  // The store finds these refusals, in several batches.
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

TEST_F(HttpApi, TakesGzippedRates) {
  const std::string gzip = Gzip(R"({"rates":[{"match":{"equals":"m"},"prices":{"input":"2"}}]})");
  EXPECT_THAT(
      Post("/api/v1/rates", gzip, "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"),
      HasSubstr("{\"added\":1,"));
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
  // curl --data-binary sends this type.
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

}  // namespace
}  // namespace itemized::server
