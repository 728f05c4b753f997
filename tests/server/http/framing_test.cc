// SPDX-License-Identifier: Apache-2.0
// A proxy in front could read these requests in another way than the server does. None may
// leave behind bytes that are taken for a second request.

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/http_head.h"
#include "server/http/http_server.h"
#include "tests/server/http/http_client.h"

namespace itemized::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kSmuggled[] = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpFraming : public ::testing::Test {
 protected:
  HttpFraming() {
    Router router;
    for (const char* method : {"GET", "POST"}) {
      router.Handle(method, "/ok", [](HttpRequest request, const Respond& respond) {
        HttpResponse response;
        response.body = "[" + request.body + "]";
        respond(std::move(response));
      });
    }
    router.Handle("GET", "/smuggled", [this](HttpRequest, const Respond& respond) {
      ++smuggled_;
      respond(HttpResponse());
    });
    auto server = HttpServer::Listen({"127.0.0.1", 0});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Run(std::move(router));
  }

  std::string Send(const std::string& bytes) { return Exchange(server_->address().port, bytes); }

  // Sends `fields` after a Host field, and a body in which a second request hides.
  void ExpectRefused(const std::string& fields, int status, const std::string& body = kSmuggled) {
    const std::string answer =
        Send("POST /ok HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n" + body);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status))) << fields;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << fields;
    EXPECT_EQ(answer.find("HTTP/1.1"), answer.rfind("HTTP/1.1")) << fields;
    EXPECT_EQ(smuggled_, 0) << fields;
  }

  std::atomic<int> smuggled_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpFraming, UnknownTransferCodingsAreRefused) {
  for (const char* coding : {"gzip", "identity", "xchunked", "chunked, gzip", "gzip, chunked",
                             "chunked, chunked", "\"chunked\"", "chunked;q=1", "", "chunked\v"}) {
    const bool has_control = std::string(coding) == "chunked\v";
    ExpectRefused("Transfer-Encoding: " + std::string(coding) + "\r\n", has_control ? 400 : 501);
  }
}

TEST_F(HttpFraming, TwoWaysToSayHowLongABodyIsAreRefused) {
  ExpectRefused("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400, "0\r\n\r\n");
  ExpectRefused("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400, "0\r\n\r\n");
  ExpectRefused("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400);
  ExpectRefused("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400);
  ExpectRefused("Content-Length: 0\r\nContent-Length: 0\r\n", 400);
  ExpectRefused("Content-Length: 0\r\nContent-Length: 4\r\n", 400);
  for (const char* length :
       {"0, 0", "+0", "-1", "0x0", "1 1", "", "1e1", "18446744073709551616", "4;"}) {
    ExpectRefused("Content-Length: " + std::string(length) + "\r\n", 400);
  }
}

TEST_F(HttpFraming, ChunkedBodiesNeedTheNewerProtocol) {
  EXPECT_THAT(Send("POST /ok HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Send("GET /ok HTTP/2.0\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 505"));
  EXPECT_THAT(Send("GET /ok\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpFraming, HeaderLinesThatReadersDisagreeAboutAreRefused) {
  for (const char* line :
       {"Content-Length : 4\r\n", "Content-Length\t: 4\r\n", " Folded: 1\r\n", "X: a\r\n b\r\n",
        "X: a\r\n\tb\r\n", "X: a\rContent-Length: 4\r\n", "X: a\nContent-Length: 4\r\n",
        "X: a\n\r\n", "\rX: a\r\n", ": nameless\r\n", "no colon\r\n", "X(y): a\r\n", "X: a\x01\r\n",
        "X\x80: a\r\n"}) {
    ExpectRefused(line, 400);
  }
  ExpectRefused(std::string("X: a\0b\r\n", 8), 400);
}

TEST_F(HttpFraming, ThereIsOneHost) {
  ExpectRefused("Host: evil\r\n", 400);
  ExpectRefused("Host: localhost\r\n", 400);
  ExpectRefused("hOST:localhost\r\n", 400);
  EXPECT_THAT(Send("GET /ok HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  for (const char* host :
       {"[::1]evil", "localhost:80@evil", "user@localhost", "[::1", "::1]", "[::1]:x", "[evil]",
        "localhost:80:80", "localhost, evil", "local host", "localhost/", "a:123456",
        "localhost\\evil", "[::1%25lo]", "http://localhost"}) {
    const std::string answer = Send("GET /ok HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << host;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << host;
  }
}

TEST_F(HttpFraming, OtherFieldsThatDecideSomethingComeOnce) {
  for (const char* name : {"Origin", "Content-Type", "Content-Encoding", "Sec-Fetch-Site"}) {
    ExpectRefused(std::string(name) + ": a\r\n" + name + ": b\r\n", 400);
  }
}

TEST_F(HttpFraming, OnlyPathsAreAsked) {
  for (const char* target :
       {"http://localhost/ok", "localhost:80", "//ok extra", "ok", "/o\tk", "/o\x7fk"}) {
    EXPECT_THAT(Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                StartsWith("HTTP/1.1 400"))
        << target;
  }
}

TEST_F(HttpFraming, ChunksThatReadersDisagreeAboutAreRefused) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  for (const char* body :
       {"2;a=b\r\nhi\r\n0\r\n\r\n", "2;\r\nhi\r\n0\r\n\r\n", "2 \r\nhi\r\n0\r\n\r\n",
        "2;a=\"\r\nhi\"\r\nhi\r\n0\r\n\r\n", "2\nhi\r\n0\r\n\r\n", "2;\nxx\r\nhi\r\n0\r\n\r\n",
        "0x2\r\nhi\r\n0\r\n\r\n", "+2\r\nhi\r\n0\r\n\r\n", "-2\r\nhi\r\n0\r\n\r\n",
        "2\r\nhi0\r\n\r\n", "2\r\nhiXX0\r\n\r\n", "1\r\nhi\r\n0\r\n\r\n",
        "\r\n2\r\nhi\r\n0\r\n\r\n", "10000000000000002\r\nhi\r\n0\r\n\r\n",
        "2\r\nhi\r\n0;a=b\r\n\r\n", "2\r\nhi\r\n0\r\nHost: evil\r\n\r\n",
        "2\r\nhi\r\n0\r\nX: y\r\n\r\n"}) {
    ExpectRefused(chunked, 400, std::string(body) + kSmuggled);
  }
  ExpectRefused(chunked, 400, "2" + std::string(9000, ' ') + "\r\nhi\r\n0\r\n\r\n");
}

TEST_F(HttpFraming, WhatIsCleanIsTaken) {
  const auto post = [&](const std::string& rest) {
    return Send("POST /ok HTTP/1.1\r\nHost: [::1]:4318\r\nConnection: close\r\n" + rest);
  };
  EXPECT_THAT(post("Content-Length: 2\r\n\r\nhi"), HasSubstr("[hi]"));
  EXPECT_THAT(post("content-length:2\r\n\r\nhi"), HasSubstr("[hi]"));
  EXPECT_THAT(post("Content-Length: 0\r\n\r\n"), HasSubstr("[]"));
  EXPECT_THAT(post("Transfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"),
              HasSubstr("[hi!]"));
  EXPECT_THAT(Send("GET /ok HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  // Line ends between two requests, which some clients send, are no request.
  const std::string twice = Send(
      "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\n"
      "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(twice, HasSubstr("[hi]"));
  EXPECT_THAT(twice, HasSubstr("[]"));
}

TEST_F(HttpFraming, BodiesOfManySmallChunksAreTaken) {
  std::string body;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const char letter = static_cast<char>('a' + i % 26);
    body += std::string("1\r\n") + letter + "\r\n";
    expected += letter;
  }
  EXPECT_THAT(Send("POST /ok HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                   "Connection: close\r\n\r\n" +
                   body + "0\r\n\r\n"),
              HasSubstr("[" + expected + "]"));
}

TEST(NameInHost, IsInLowerCaseWithoutPortAndBrackets) {
  EXPECT_EQ(NameInHost("LocalHost:4318"), "localhost");
  EXPECT_EQ(NameInHost("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(NameInHost("[::1]:80"), "::1");
  EXPECT_EQ(NameInHost(""), "");
  EXPECT_EQ(NameInHost("[::1]evil"), std::nullopt);
  EXPECT_EQ(NameInHost("a:80@evil"), std::nullopt);
}

}  // namespace
}  // namespace itemized::server
