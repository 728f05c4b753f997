// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "storage/base/mutex.h"

namespace itemized::server {

// A few threads for work that takes too long for the threads of gRPC and HTTP: those
// carry every connection, so that nothing may block them. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t waiting_max);
  ~WorkerPool();  // Does what is waiting first.
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Does what is waiting, and takes nothing more.
  void Close();

  // False, and nothing is done, if too much work is waiting or the pool is closed.
  bool Add(std::function<void()> work);

 private:
  void Run();

  const size_t waiting_max_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace itemized::server
