// SPDX-License-Identifier: Apache-2.0
#include "storage/base/parallel_for.h"

#include <algorithm>
#include <atomic>

#include "storage/base/check.h"

namespace itemized {

ThreadTeam::ThreadTeam(const char* name, size_t threads) {
  CHECK(threads > 0);
  for (size_t i = 1; i < threads; ++i) {
    helpers_.push_back(std::make_unique<HelperThread>(name));
  }
}

void ThreadTeam::ParallelFor(size_t count, absl::FunctionRef<void(size_t)> task) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      task(i);
    }
  };
  // One task needs no other thread, and waking one up takes longer than most.
  const size_t woken = std::min(helpers_.size(), count - std::min<size_t>(count, 1));
  for (size_t i = 0; i < woken; ++i) {
    helpers_[i]->Start(work);
  }
  work();
  for (size_t i = 0; i < woken; ++i) {
    helpers_[i]->Wait();
  }
}

void ParallelFor(size_t threads, size_t count, absl::FunctionRef<void(size_t)> task) {
  ThreadTeam("parallel", std::max<size_t>(1, std::min(threads, count))).ParallelFor(count, task);
}

}  // namespace itemized
