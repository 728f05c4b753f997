// SPDX-License-Identifier: Apache-2.0
#include "tests/server/budgets/receiver.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "storage/base/check.h"

namespace itemized::server {
namespace {

// Reads a whole request; false if the peer closes before its end.
bool ReadRequest(int fd, Receiver::Request* request) {
  std::string bytes;
  size_t wanted = std::string::npos;
  size_t begin = 0;
  while (bytes.size() < wanted) {
    char piece[4096];
    const ssize_t got = recv(fd, piece, sizeof(piece), 0);
    if (got <= 0) {
      return false;
    }
    bytes.append(piece, static_cast<size_t>(got));
    const size_t end = bytes.find("\r\n\r\n");
    if (wanted != std::string::npos || end == std::string::npos) {
      continue;
    }
    const std::vector<std::string> lines = absl::StrSplit(bytes.substr(0, end), "\r\n");
    request->target = std::vector<std::string>(absl::StrSplit(lines[0], ' '))[1];
    for (size_t i = 1; i < lines.size(); ++i) {
      const std::pair<std::string, std::string> header =
          absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
      request->headers[absl::AsciiStrToLower(header.first)] = header.second;
    }
    begin = end + 4;
    wanted = begin + std::stoul(request->headers["content-length"]);
  }
  request->body = bytes.substr(begin);
  return true;
}

}  // namespace

Receiver::Receiver(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(listener_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  socklen_t size = sizeof(address);
  CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  CHECK(listen(listener_, 64) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Accept(); });
}

Receiver::~Receiver() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  std::vector<std::thread> connections;
  {
    const MutexLock lock(mutex_);
    for (const int fd : open_) {
      shutdown(fd, SHUT_RDWR);
    }
    connections.swap(connections_);
  }
  for (std::thread& connection : connections) {
    connection.join();
  }
  close(listener_);
}

std::string Receiver::host() const {
  return absl::StrCat("127.0.0.1:", port_);
}

std::string Receiver::url() const {
  return absl::StrCat("http://", host(), "/hook?x=1");
}

void Receiver::Accept() {
  while (true) {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) {
      return;
    }
    const MutexLock lock(mutex_);
    open_.push_back(fd);
    connections_.emplace_back([this, fd] { Serve(fd); });
  }
}

void Receiver::Serve(int fd) {
  Request request;
  if (ReadRequest(fd, &request)) {
    int nth = 0;
    {
      const MutexLock lock(mutex_);
      nth = static_cast<int>(requests_.size());
      requests_.push_back(std::move(request));
      changed_.notify_all();
    }
    const std::string answer = behaviour_(nth);
    if (answer.empty()) {
      char piece[64];
      while (recv(fd, piece, sizeof(piece), 0) > 0) {
      }
    } else if (answer != kHangUp) {
      send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }
  const MutexLock lock(mutex_);
  std::erase(open_, fd);
  close(fd);
}

std::vector<Receiver::Request> Receiver::Await(size_t count) {
  const MutexLock lock(mutex_);
  while (requests_.size() < count) {
    changed_.wait(mutex_);
  }
  return requests_;
}

std::vector<Receiver::Request> Receiver::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

std::string AnswerOf(int status, const std::string& header) {
  return absl::StrCat("HTTP/1.1 ", status, " Because\r\n", header,
                      "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

}  // namespace itemized::server
