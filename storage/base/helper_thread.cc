// SPDX-License-Identifier: Apache-2.0
#include "storage/base/helper_thread.h"

#include <pthread.h>

#include <utility>

#include "storage/base/check.h"

namespace itemized {

HelperThread::HelperThread(const char* name)
    : thread_([this, name] {
        pthread_setname_np(pthread_self(), name);
        Loop();
      }) {}

HelperThread::~HelperThread() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void HelperThread::Start(std::function<void()> task) {
  {
    const MutexLock lock(mutex_);
    CHECK(task_ == nullptr);
    task_ = std::move(task);
  }
  changed_.notify_all();
}

void HelperThread::Wait() {
  const MutexLock lock(mutex_);
  while (task_ != nullptr) {
    changed_.wait(mutex_);
  }
}

// The owner does not touch a task between Start and Wait, so it may run
// without the lock.
void HelperThread::Loop() {
  while (true) {
    std::function<void()>* task = nullptr;
    {
      const MutexLock lock(mutex_);
      while (task_ == nullptr && !stop_) {
        changed_.wait(mutex_);
      }
      if (task_ == nullptr) {
        return;
      }
      task = &task_;
    }
    (*task)();
    {
      const MutexLock lock(mutex_);
      task_ = nullptr;
    }
    changed_.notify_all();
  }
}

}  // namespace itemized
