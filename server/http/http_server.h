// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

#include "server/address.h"
#include "server/http/router.h"

namespace itemized::server {

struct HttpLimits {
  size_t connections = 256;                       // Further ones are closed at once.
  uint32_t header_bytes = 16 << 10;               // 431 beyond it.
  uint64_t body_bytes = uint64_t{16} << 20;       // 413 beyond it, however it is transferred.
  uint64_t all_body_bytes = uint64_t{256} << 20;  // Of requests under way; 503 beyond it.
  std::chrono::seconds timeout{30};               // To receive a request, and to take an answer.
};

// HTTP/1.1 on one thread. Thread-safe.
class HttpServer {
 public:
  // Listens at a resolved address, without answering yet. Errors: UNAVAILABLE with a sentence.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(const Address& address,
                                                            HttpLimits limits = {});
  // Answers from now on. Once.
  void Run(Router router);

  // Waits until all requests that have been read are answered, or until `deadline`.
  void AwaitAnswers(std::chrono::steady_clock::time_point deadline);

  // Closes all connections. No handler may respond any more after that.
  ~HttpServer();

  // With the port that was bound.
  const Address& address() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace itemized::server
