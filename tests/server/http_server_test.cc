// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/http_client.h"

namespace itemized::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

HttpResponse Text(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpLimits limits) {
    Router router;
    router.Handle("GET", "/echo", [](HttpRequest request, Respond respond) {
      respond(Text(request.method + " " + request.path + " " + request.query));
    });
    router.Handle("POST", "/echo",
                  [](HttpRequest request, Respond respond) { respond(Text(request.body)); });
    // Answers from another thread.
    router.Handle("GET", "/later", [this](HttpRequest, Respond respond) {
      later_ = std::thread([respond = std::move(respond)] { respond(Text("late")); });
    });
    auto server = HttpServer::Listen({"127.0.0.1", 0}, limits);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Run(std::move(router));
  }
  void SetUp() override { Start({}); }
  ~HttpServerTest() override {
    if (later_.joinable()) {
      later_.join();
    }
  }

  uint16_t port() const { return server_->address().port; }

  std::thread later_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, HandlesARequestByMethodAndPath) {
  const std::string answer = Get(port(), "/echo?a=b");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("GET /echo a=b"));
}

TEST_F(HttpServerTest, AnswersAreAwaited) {
  std::thread client([&] { EXPECT_THAT(Get(port(), "/later"), HasSubstr("late")); });
  client.join();
  server_->AwaitAnswers(std::chrono::steady_clock::now() + std::chrono::hours(1));
}

TEST_F(HttpServerTest, AnythingElseIsNotFound) {
  EXPECT_THAT(Get(port(), "/nothing"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get(port(), "/nothing"), HasSubstr("{\"error\":\""));
}

TEST_F(HttpServerTest, AHandlerMayAnswerLaterFromAnotherThread) {
  EXPECT_THAT(Get(port(), "/later"), HasSubstr("late"));
}

TEST_F(HttpServerTest, AConnectionTakesSeveralRequests) {
  const std::string one = "GET /echo HTTP/1.1\r\nHost: localhost\r\n";
  const std::string answers = Exchange(port(), one + "\r\n" + one + "Connection: close\r\n\r\n");
  EXPECT_NE(answers.find("HTTP/1.1 200"), answers.rfind("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, BytesThatAreNoRequestAreRefused) {
  EXPECT_THAT(Exchange(port(), "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, LargeBodiesAndHeadersAreRefused) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  limits.header_bytes = 2000;
  Start(limits);
  EXPECT_THAT(Exchange(port(), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Exchange(port(),
                       "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3e9\r\n" +
                           std::string(1001, 'x')),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Exchange(port(), "GET /echo HTTP/1.1\r\nX: " + std::string(3000, 'x')),
              StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, BodiesOfAllConnectionsTogetherAreLimited) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  limits.all_body_bytes = 1500;
  limits.timeout = std::chrono::seconds(1);
  Start(limits);
  const auto post = [&](const std::string& size) {
    return Exchange(port(),
                    "POST /echo HTTP/1.1\r\nHost: a\r\n" + size + "\r\nConnection: close\r\n\r\n");
  };
  EXPECT_EQ(post("Transfer-Encoding: chunked"),
            "");  // A body that never came; what it could have had is free again.
  const std::string body(1000, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Exchange(port(),
                         "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                         "Content-Length: 1000\r\n\r\n" +
                             body),
                HasSubstr(body));
  }
  limits.all_body_bytes = 999;
  Start(limits);
  EXPECT_THAT(post("Content-Length: 1000"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(post("Transfer-Encoding: chunked"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, AClientThatAsksMayGoOn) {
  EXPECT_THAT(Exchange(port(),
                       "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                       "Connection: close\r\nContent-Length: 2\r\n\r\nhi"),
              AllOf(StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"), HasSubstr("hi")));
}

TEST_F(HttpServerTest, ConnectionsBeyondTheLimitAreClosed) {
  HttpLimits limits;
  limits.connections = 0;
  Start(limits);
  EXPECT_EQ(Get(port(), "/echo"), "");
}

TEST_F(HttpServerTest, ATakenPortIsRefusedWithASentence) {
  const auto second = HttpServer::Listen(server_->address());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("is taken by another process"));
}

}  // namespace
}  // namespace itemized::server
