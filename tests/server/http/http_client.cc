// SPDX-License-Identifier: Apache-2.0
#include "tests/server/http/http_client.h"

#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "storage/base/check.h"

namespace itemized::server {

RawConnection::RawConnection(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0);
}

RawConnection::~RawConnection() {
  close(fd_);
}

void RawConnection::Send(const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t more = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) {
      break;
    }
    sent += static_cast<size_t>(more);
  }
}

void RawConnection::CloseSending() {
  shutdown(fd_, SHUT_WR);
}

std::string RawConnection::ReadUntil(const std::string& end) {
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = recv(fd_, buffer, sizeof(buffer), 0)) > 0;) {
    answer.append(buffer, static_cast<size_t>(got));
    if (!end.empty() && answer.find(end) != std::string::npos) {
      break;
    }
  }
  return answer;
}

std::string Exchange(uint16_t port, const std::string& bytes) {
  RawConnection connection(port);
  connection.Send(bytes);
  return connection.ReadAll();
}

std::string Get(uint16_t port, const std::string& path) {
  return Exchange(port,
                  "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

}  // namespace itemized::server
