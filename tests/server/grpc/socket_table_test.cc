// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/socket_table.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "storage/base/check.h"

namespace itemized::server {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kContinuation = 9;

std::string BigEndian(size_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
  return text;
}

std::string Frame(uint8_t kind, const std::string& payload) {
  return BigEndian(payload.size(), 3) + static_cast<char>(kind) + '\0' + BigEndian(1, 4) + payload;
}

// Has a client and the socket on which the server reads from it, watched by the table that
// recvmsg tells of what it reads.
class Client {
 public:
  explicit Client(MemoryBudget& memory, const std::string& host = "127.0.0.1") {
    std::array<int, 2> ends{};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    client_ = ends[0];
    server_ = ends[1];
    SocketTable::Get().Add(server_, host, memory);
    Send(kPreface);
  }
  ~Client() {
    close(client_);
    if (server_ >= 0) {
      close(server_);
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends `bytes`, and has the server read them as gRPC does. Returns what the server is told.
  ssize_t Send(const std::string& bytes) {
    CHECK(send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
    return Read();
  }
  // Sends the beginning of a message: `sent` of its `size` bytes.
  ssize_t Begin(size_t size, size_t sent) {
    return Send(Frame(kData, '\0' + BigEndian(size, 4) + std::string(sent, 'x')));
  }
  ssize_t GoOn(size_t sent) { return Send(Frame(kData, std::string(sent, 'x'))); }

  // Reads in two pieces, since gRPC has several.
  ssize_t Read() {
    std::array<char, 7> first{};
    std::array<char, 1 << 16> rest{};
    std::array<iovec, 2> pieces{iovec{first.data(), first.size()}, iovec{rest.data(), rest.size()}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return recvmsg(server_, &message, 0);
  }

  // Tells whether the server has hung up.
  bool is_cut_off() const {
    char byte = 0;
    return recv(client_, &byte, 1, MSG_DONTWAIT) == 0;
  }
  void CloseByServer() { close(std::exchange(server_, -1)); }

 private:
  int client_ = -1;
  int server_ = -1;
};

class SocketTableTest : public ::testing::Test {
 protected:
  ~SocketTableTest() override { SocketTable::Get().Remove(memory_); }

  MemoryBudget memory_{1'000};
};

TEST_F(SocketTableTest, WhatIsReadOfAMessageIsPaidForUntilItIsWhole) {
  Client client(memory_);
  EXPECT_GT(client.Begin(700, 100), 0);
  EXPECT_EQ(memory_.used(), 100);
  EXPECT_GT(client.GoOn(500), 0);
  EXPECT_EQ(memory_.used(), 600);
  EXPECT_GT(client.GoOn(100), 0);
  EXPECT_EQ(memory_.used(), 0);
}

TEST_F(SocketTableTest, AClientThatGoesPaysNoMore) {
  Client first(memory_);
  EXPECT_GT(first.Begin(700, 300), 0);
  Client second(memory_);
  EXPECT_GT(second.Begin(700, 200), 0);
  EXPECT_EQ(memory_.used(), 500);
  first.CloseByServer();
  EXPECT_EQ(SocketTable::Get().CountOpen(memory_), 1u);
  EXPECT_EQ(memory_.used(), 200);
}

TEST_F(SocketTableTest, WithoutMemoryTheOneThatHoldsMostOfItIsCutOff) {
  Client greedy(memory_);
  Client modest(memory_);
  EXPECT_GT(greedy.Begin(5'000, 600), 0);
  EXPECT_GT(modest.Begin(5'000, 300), 0);
  EXPECT_FALSE(greedy.is_cut_off());
  EXPECT_GT(modest.GoOn(250), 0);
  EXPECT_TRUE(greedy.is_cut_off());
  EXPECT_FALSE(modest.is_cut_off());
  EXPECT_EQ(memory_.used(), 550);
}

TEST_F(SocketTableTest, AClientWhoseHeadersDoNotEndIsCutOff) {
  Client client(memory_);
  EXPECT_GT(client.Send(Frame(kHeaders, std::string(10'000, 'h'))), 0);
  ssize_t read = 1;
  for (int frames = 0; read > 0 && frames < 100; ++frames) {
    read = client.Send(Frame(kContinuation, std::string(10'000, 'h')));
  }
  EXPECT_EQ(read, -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_TRUE(client.is_cut_off());
}

TEST_F(SocketTableTest, RoomIsMadeByTheOneThatBeganNothingAndByTheHostWithMost) {
  Client begun(memory_, "10.0.0.1");
  Client other(memory_, "10.0.0.2");
  Client idle(memory_, "10.0.0.2");
  EXPECT_GT(begun.Send(Frame(kHeaders, "h")), 0);
  EXPECT_GT(other.Send(Frame(kHeaders, "h")), 0);
  EXPECT_EQ(SocketTable::Get().CountOpen(memory_), 3u);
  EXPECT_TRUE(SocketTable::Get().ShutIdlest(memory_));
  EXPECT_TRUE(idle.is_cut_off());
  EXPECT_FALSE(begun.is_cut_off() || other.is_cut_off());
  Client first(memory_, "10.0.0.3");
  Client last(memory_, "10.0.0.4");
  Client twin(memory_, "10.0.0.4");
  EXPECT_TRUE(SocketTable::Get().ShutIdlest(memory_));
  EXPECT_FALSE(first.is_cut_off());
  EXPECT_TRUE(last.is_cut_off());
  EXPECT_FALSE(twin.is_cut_off());
}

}  // namespace
}  // namespace itemized::server
