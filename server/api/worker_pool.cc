// SPDX-License-Identifier: Apache-2.0
#include "server/api/worker_pool.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <sys/resource.h>

namespace itemized::server {

WorkerPool::WorkerPool(size_t threads, size_t waiting_max, int niceness)
    : waiting_max_(waiting_max) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, niceness] { Loop(niceness); });
  }
}

WorkerPool::~WorkerPool() {
  Close();
}

void WorkerPool::Close() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

bool WorkerPool::Add(std::function<void()> work, const void* asker) {
  {
    MutexLock lock(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max_) {
      return false;
    }
    waiting_.push_back({std::move(work), asker});
  }
  changed_.notify_one();
  return true;
}

bool WorkerPool::TakeBack(const void* asker) {
  Entry taken;  // What it holds is destroyed after the lock is given up.
  const MutexLock lock(mutex_);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Entry& entry) { return entry.asker == asker; });
  if (found == waiting_.end()) {
    return false;
  }
  taken = std::move(*found);
  waiting_.erase(found);
  return true;
}

size_t WorkerPool::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

void WorkerPool::Loop(int niceness) {
  if (niceness != 0) {
    // Linux has a value for each thread. If it refuses, the work is done all the same.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness);
  }
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) {
        changed_.wait(mutex_);
      }
      if (waiting_.empty()) {
        return;
      }
      work = std::move(waiting_.front().work);
      waiting_.pop_front();
    }
    work();
  }
}

absl::Status TooManyWaiting() {
  return absl::ResourceExhaustedError("Too many questions wait for an answer; ask again later.");
}

}  // namespace itemized::server
