// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "absl/status/statusor.h"

#include "server/address.h"
#include "server/api/memory_budget.h"
#include "server/http/http_limits.h"
#include "server/http/router.h"

namespace itemized::server {

// HTTP/1.1 on one thread. Thread-safe.
class HttpServer {
 public:
  // Listens at a resolved address, without answering yet. `memory`, if given, is charged for
  // what requests and answers take, and outlives the server. Errors: UNAVAILABLE with a
  // sentence.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(const Address& address,
                                                            HttpLimits limits = {},
                                                            MemoryBudget* memory = nullptr);
  // Answers from now on. Once.
  void Run(Router router);

  // Waits until all requests that have been read are answered, or until `deadline`.
  void AwaitAnswers(std::chrono::steady_clock::time_point deadline);

  // Closes all connections. No handler may respond any more after that.
  ~HttpServer();

  // With the port that was bound.
  const Address& address() const;
  const HttpCounters& counters() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace itemized::server
