// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"

#include "storage/base/helper_thread.h"

namespace itemized {

// How many threads share one job, the one that asks for it among them. The one place that says so:
// ingestion, its checkpoints and each question may use as many at once.
inline constexpr size_t kThreadsOfAJob = 2;

// An owner's thread together with others that wait for its jobs. For one owner at a time.
class ThreadTeam {
 public:
  // `name`: at most 15 bytes, for tools that list threads. `threads`: with the owner's, which does
  // all alone if there is no other.
  explicit ThreadTeam(const char* name, size_t threads = kThreadsOfAJob);

  size_t threads() const { return helpers_.size() + 1; }

  // Calls task(i) for each i below `count`, once, on whichever thread is free, and returns when
  // all have ended; what they wrote is then visible here. A lower i is begun first.
  void ParallelFor(size_t count, absl::FunctionRef<void(size_t)> task);

 private:
  std::vector<std::unique_ptr<HelperThread>> helpers_;
};

// Does one job with a team that is made for it.
void ParallelFor(size_t threads, size_t count, absl::FunctionRef<void(size_t)> task);

}  // namespace itemized
