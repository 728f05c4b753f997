// SPDX-License-Identifier: Apache-2.0
#pragma once

// This folder serves HTTP: connections (HttpServer), the JSON API (api.h), metrics and the
// dashboard's page. It uses server/v1, server/api, server/convert and proto/text, and knows
// nothing of gRPC.

#include <chrono>
#include <memory>

#include "absl/status/statusor.h"

#include "server/address.h"
#include "server/api/memory_budget.h"
#include "server/http/http_limits.h"
#include "server/http/router.h"

namespace itemized::server {

// Speaks HTTP/1.1 on one thread. Thread-safe.
class HttpServer {
 public:
  // Listens at a resolved address, without answering yet. `memory`, if given, is charged for
  // what requests and answers take, and outlives the server. Returns UNAVAILABLE, with a
  // sentence, if nobody can listen there.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(const Address& address,
                                                            HttpLimits limits = {},
                                                            MemoryBudget* memory = nullptr);
  // Answers from now on. It may be called once.
  void Run(Router router);

  // Waits until all requests that have been read are answered, or until `deadline`.
  void AwaitAnswers(std::chrono::steady_clock::time_point deadline);

  // Closes all connections. What handlers respond after that is dropped.
  ~HttpServer();

  // Its port is the one that was bound.
  const Address& address() const;
  const HttpCounters& counters() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace itemized::server
