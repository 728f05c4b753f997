// SPDX-License-Identifier: Apache-2.0
#pragma once

// A receiver of webhooks in this process, which does what a test tells it to.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "storage/base/mutex.h"

namespace itemized::server {

// Thread-safe.
class Receiver {
 public:
  struct Request {
    std::string target;
    std::map<std::string, std::string> headers;  // Their names are in lower case.
    std::string body;
  };
  // Returns what the receiver answers to its `nth` request, from 0: all bytes of the answer; "" if
  // it never answers; kHangUp if it closes the connection without an answer.
  using Behaviour = std::function<std::string(int nth)>;

  static constexpr char kHangUp[] = "hang up";

  explicit Receiver(Behaviour behaviour);
  ~Receiver();

  uint16_t port() const { return port_; }
  std::string url() const;
  std::string host() const;  // HOST:PORT.

  // Waits until there are so many requests, and returns all.
  std::vector<Request> Await(size_t count);
  std::vector<Request> requests() const;

 private:
  void Accept();
  void Serve(int fd);

  const Behaviour behaviour_;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> open_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> connections_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// Returns an answer with that status and nothing else.
std::string AnswerOf(int status, const std::string& header = "");

}  // namespace itemized::server
