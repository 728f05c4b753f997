// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace itemized::server {

// Connects to a port of this machine and says what it likes.
class RawConnection {
 public:
  explicit RawConnection(uint16_t port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // Sends as much as the server takes: it may answer and close before it has read everything.
  void Send(const std::string& bytes);
  void CloseSending();
  // Returns what comes back until `end` has come, or the server closes.
  std::string ReadUntil(const std::string& end);
  std::string ReadAll() { return ReadUntil(""); }

 private:
  const int fd_;
};

// Sends `bytes` to a port of this machine and returns all that comes back
// until the server closes the connection.
std::string Exchange(uint16_t port, const std::string& bytes);

// Returns the answer to "GET path", header and body.
std::string Get(uint16_t port, const std::string& path);

}  // namespace itemized::server
