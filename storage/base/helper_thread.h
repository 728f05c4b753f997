// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"

#include "storage/base/mutex.h"

namespace itemized {

// A thread that does one half of a job while its owner does the other:
//
//   helper.Start([&] { FoldRuns(); });
//   FoldRollups();
//   helper.Wait();
//
// One owner uses it at a time: Start and Wait are not thread-safe.
class HelperThread {
 public:
  // `name`: at most 15 bytes, for tools that list threads.
  explicit HelperThread(const char* name);
  ~HelperThread();

  // Runs `task` on the thread. The task before it must have been waited for.
  void Start(std::function<void()> task);
  // Returns when the task has ended. What the task wrote is then visible to the caller.
  void Wait();

 private:
  void Loop();

  Mutex mutex_;
  CondVar changed_;
  std::function<void()> task_ ABSL_GUARDED_BY(mutex_);  // Empty while there is none.
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Stands last, because it uses all members above.
};

}  // namespace itemized
