// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/mutex.h"
#include "tests/server/http/http_client.h"

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

// Hands what a handler was given over to the test.
class Waiting {
 public:
  void Put(std::shared_ptr<const Cancellation> cancellation) {
    const MutexLock lock(mutex_);
    cancellation_ = std::move(cancellation);
    changed_.notify_all();
  }
  std::shared_ptr<const Cancellation> Take() {
    MutexLock lock(mutex_);
    while (cancellation_ == nullptr) {
      changed_.wait(mutex_);
    }
    return std::move(cancellation_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<const Cancellation> cancellation_ ABSL_GUARDED_BY(mutex_);
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpLimits limits, MemoryBudget* memory = nullptr) {
    Router router;
    router.Handle("GET", "/echo", [](HttpRequest request, Respond respond) {
      respond(Text(request.method + " " + request.path + " " + request.query));
    });
    router.Handle("POST", "/echo",
                  [](HttpRequest request, Respond respond) { respond(Text(request.body)); });
    // This one is answered from another thread.
    router.Handle("GET", "/later", [this](HttpRequest, Respond respond) {
      later_ = std::thread([respond = std::move(respond)] { respond(Text("late")); });
    });
    router.Handle("POST", "/twice", [](HttpRequest request, Respond respond) {
      respond(Text(request.body + request.body));
    });
    // This one is never answered.
    router.Handle("GET", "/wait", [this](HttpRequest request, Respond) {
      waiting_.Put(std::move(request.cancellation));
    });
    auto server = HttpServer::Listen({"127.0.0.1", 0}, limits, memory);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    // The test answers this one.
    router.Handle("GET", "/kept", [this](HttpRequest request, Respond respond) {
      kept_ = std::move(respond);
      waiting_.Put(std::move(request.cancellation));
    });
    server_->Run(std::move(router));
  }
  void SetUp() override { Start({}); }
  ~HttpServerTest() override {
    if (later_.joinable()) {
      later_.join();
    }
  }

  uint16_t port() const { return server_->address().port; }

  Waiting waiting_;
  Respond kept_;  // It is set before waiting_ is.
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
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  // A body that never comes takes nothing from others, and is not waited for for ever.
  EXPECT_THAT(Exchange(port(), head + "Transfer-Encoding: chunked\r\n\r\n"),
              StartsWith("HTTP/1.1 408"));
  const std::string body(1000, 'x');
  const std::string whole = head + "Content-Length: 1000\r\n\r\n" + body;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Exchange(port(), whole), HasSubstr(body));
  }
  limits.all_body_bytes = 999;
  Start(limits);
  EXPECT_THAT(Exchange(port(), whole), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(
      Exchange(port(), head + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + body + "\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, AnnouncedBodiesTakeNothingUntilTheyArrive) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  limits.all_body_bytes = 1500;
  Start(limits);
  std::vector<std::unique_ptr<RawConnection>> announcers;
  for (int i = 0; i < 16; ++i) {
    announcers.push_back(std::make_unique<RawConnection>(port()));
    announcers.back()->Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx");
  }
  const std::string body(1000, 'y');
  EXPECT_THAT(Exchange(port(),
                       "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                       "Content-Length: 1000\r\n\r\n" +
                           body),
              HasSubstr(body));
}

TEST_F(HttpServerTest, AClientThatAsksMayGoOn) {
  EXPECT_THAT(Exchange(port(),
                       "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                       "Connection: close\r\nContent-Length: 2\r\n\r\nhi"),
              AllOf(StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"), HasSubstr("hi")));
}

TEST_F(HttpServerTest, ConnectionsBeyondTheLimitAreToldSo) {
  HttpLimits limits;
  limits.connections = 0;
  Start(limits);
  for (int i = 1; i <= 200; ++i) {
    const std::string answer = Get(port(), "/echo");
    ASSERT_THAT(answer, AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 1\r\n"),
                              HasSubstr("Connection: close\r\n")));
    EXPECT_EQ(server_->counters().refused, i);
  }
}

TEST_F(HttpServerTest, IdleConnectionsGiveWayToNewOnes) {
  HttpLimits limits;
  limits.connections = 4;
  limits.timeout = std::chrono::hours(1);
  Start(limits);
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(std::make_unique<RawConnection>(port()));
    idle.back()->Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(idle.back()->ReadUntil("/echo "), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(Get(port(), "/echo"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(idle[0]->ReadAll(), "");  // It was idle for longest.
  idle[3]->Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(idle[3]->ReadUntil("/echo "), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(server_->counters().gave_way, 1);
}

TEST_F(HttpServerTest, SlowSendersGiveWayToNewOnes) {
  HttpLimits limits;
  limits.connections = 4;
  limits.timeout = std::chrono::hours(1);
  limits.head_timeout = std::chrono::hours(1);
  limits.patience = std::chrono::milliseconds(0);
  Start(limits);
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (const char* begun :
       {"", "GET /ec", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    slow.push_back(std::make_unique<RawConnection>(port()));
    slow.back()->Send(begun);
  }
  std::vector<std::unique_ptr<RawConnection>> newcomers;
  for (int i = 1; i <= 4; ++i) {
    newcomers.push_back(std::make_unique<RawConnection>(port()));
    newcomers.back()->Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(waiting_.Take()->Check().ok());  // It has reached its handler, and stays.
    EXPECT_EQ(server_->counters().gave_way, i);
  }
  EXPECT_THAT(Get(port(), "/echo"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(slow[2]->ReadAll(), StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, AHandlerLearnsThatItsCallerHasGone) {
  auto caller = std::make_unique<RawConnection>(port());
  caller->Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::shared_ptr<const Cancellation> cancellation = waiting_.Take();
  EXPECT_TRUE(cancellation->Check().ok());
  caller = nullptr;
  while (cancellation->Check().ok()) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(absl::IsCancelled(cancellation->Check()));
  EXPECT_EQ(server_->counters().abandoned_answers, 1);
}

TEST_F(HttpServerTest, AHandlerLearnsOfItsDeadline) {
  HttpLimits limits;
  limits.answer_timeout = std::chrono::milliseconds(1);
  Start(limits);
  RawConnection caller(port());
  caller.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::shared_ptr<const Cancellation> cancellation = waiting_.Take();
  while (cancellation->Check().ok()) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(absl::IsDeadlineExceeded(cancellation->Check()));
}

TEST_F(HttpServerTest, AnAnswerThatComesAfterTheServerHasGoneIsDropped) {
  RawConnection caller(port());
  caller.Send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
  waiting_.Take();
  server_ = nullptr;
  kept_(Text("late"));
  EXPECT_EQ(caller.ReadAll(), "");
}

TEST_F(HttpServerTest, AClientThatClosesItsSendingSideIsAnswered) {
  RawConnection client(port());
  client.Send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  client.CloseSending();
  EXPECT_THAT(client.ReadAll(), HasSubstr("late"));
}

TEST_F(HttpServerTest, AnswersAreChargedUntilTheyAreWritten) {
  MemoryBudget memory(1000);
  HttpLimits limits;
  limits.small_answer_bytes = 100;
  Start(limits, &memory);
  const auto ask = [&](size_t bytes) {
    const std::string body(bytes, 'x');
    return Exchange(port(),
                    "POST /twice HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    "Content-Length: " +
                        std::to_string(bytes) + "\r\n\r\n" + body);
  };
  EXPECT_THAT(ask(400), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(600), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Too many answers")));
  EXPECT_THAT(ask(400), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(memory.used(), 0);
  const auto others = memory.Take(1000);
  EXPECT_THAT(Get(port(), "/echo"), StartsWith("HTTP/1.1 200"));  // That answer is small.
}

TEST_F(HttpServerTest, ATakenPortIsRefusedWithASentence) {
  const auto second = HttpServer::Listen(server_->address());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("is taken by another process"));
}

}  // namespace
}  // namespace itemized::server
