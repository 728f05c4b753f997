#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "storage/base/mutex.h"

namespace itemized::server {

// A few threads for work that takes too long for the threads of gRPC: those
// carry every stream, so that nothing may block them. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t waiting_max);
  ~WorkerPool();  // Does what is waiting first.
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and nothing is done, if too much work is waiting.
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
