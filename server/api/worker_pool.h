// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/status/status.h"

#include "storage/base/mutex.h"

namespace itemized::server {

// Keeps a few threads for work that takes too long for the threads of gRPC and HTTP: those
// carry every connection, so that nothing may block them. Thread-safe.
class WorkerPool {
 public:
  // The threads, and those that they make, leave processors to others by `niceness`, from
  // 0 to 19: of two that want the same one, 5 gets a quarter of it beside 0.
  WorkerPool(size_t threads, size_t waiting_max, int niceness = 0);
  ~WorkerPool();  // It does what is waiting first.
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Does what is waiting, and takes nothing more.
  void Close();

  // Has a thread do `work`. Returns false, and does nothing, if too much work is waiting or the
  // pool is closed. `asker` names the work for TakeBack; no two that wait have the same one.
  bool Add(std::function<void()> work, const void* asker = nullptr);

  // Takes the work of `asker` back, so that it is never done. Returns false if it has begun.
  bool TakeBack(const void* asker);

  // Counts the work that no thread has begun.
  size_t waiting() const;

 private:
  struct Entry {
    std::function<void()> work;
    const void* asker = nullptr;
  };

  void Loop(int niceness);

  const size_t waiting_max_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Entry> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

// Tells callers that a pool had no room for their question: RESOURCE_EXHAUSTED, with a sentence.
absl::Status TooManyWaiting();

}  // namespace itemized::server
