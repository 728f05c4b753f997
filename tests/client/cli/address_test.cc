// SPDX-License-Identifier: Apache-2.0
#include "client/cli/address.h"

#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ServerAddress, IsWhatPeopleMean) {
  const std::array<std::pair<const char*, const char*>, 10> kCases = {{
      {"localhost", "localhost:4317"},
      {"localhost:99", "localhost:99"},
      {"http://localhost", "localhost:4317"},
      {"HTTP://10.0.0.1:4318/", "10.0.0.1:4318"},
      {" itemized.internal:4317 ", "itemized.internal:4317"},
      {"::1", "[::1]:4317"},
      {"[::1]", "[::1]:4317"},
      {"[::1]:99", "[::1]:99"},
      {"http://[fe80::1]:99/", "[fe80::1]:99"},
      {"unix:/run/itemized.sock", "unix:/run/itemized.sock"},
  }};
  for (const auto& [text, address] : kCases) {
    const absl::StatusOr<std::string> got = ServerAddress(text);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got, address) << text;
  }
}

TEST(ServerAddress, OfAnotherFormIsRefused) {
  for (const char* text :
       {"", "http://", ":4317", "localhost:", "localhost:0", "localhost:65536", "localhost:grpc",
        "a b", "user@host", "http://localhost/api", "[::1", "[::1]4317", "[]:1", "https://x"}) {
    EXPECT_FALSE(ServerAddress(text).ok()) << text;
  }
  EXPECT_THAT(std::string(ServerAddress("https://x").status().message()), HasSubstr("TLS"));
}

// Answers every connection with `answer`, once something was sent.
class Listener {
 public:
  explicit Listener(std::string answer) : answer_(std::move(answer)) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in any = {};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(any);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&any), size), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&any), &size), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(any.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~Listener() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  const std::string& address() const { return address_; }

 private:
  void Serve() {
    for (int fd = accept(fd_, nullptr, nullptr); fd >= 0; fd = accept(fd_, nullptr, nullptr)) {
      char byte = 0;
      if (recv(fd, &byte, 1, 0) == 1) {
        send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
      shutdown(fd, SHUT_WR);
      while (recv(fd, &byte, 1, 0) == 1) {
      }
      close(fd);
    }
  }

  const std::string answer_;
  int fd_ = -1;
  std::string address_;
  std::thread thread_;
};

TEST(HttpPort, IsRecognisedAndSaid) {
  const Listener http("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(HttpPortHint(http.address()),
              AllOf(HasSubstr(http.address() + " is an HTTP port"), HasSubstr("127.0.0.1:4317")));
  const Outcome outcome = RunAt(http.address(), {"top"});
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_THAT(outcome.err, HasSubstr("is an HTTP port"));
}

TEST(HttpPort, IsNotSeenWhereThereIsNone) {
  EXPECT_EQ(HttpPortHint(AbsentAddress()), "");
  EXPECT_EQ(HttpPortHint(FakeServer().address()), "");
  EXPECT_EQ(HttpPortHint("unix:/nowhere"), "");
  const Listener other("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(HttpPortHint(other.address()), "");
}

}  // namespace
}  // namespace itemized::cli
