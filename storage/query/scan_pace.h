// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "storage/base/mutex.h"
#include "storage/store/state.h"

namespace itemized {

// Lets commits go first: whenever there was one, a scan rests for as long as it had worked. Its
// threads, and the memory and the lock that they take, then cost ingestion half as much. Each
// thread of a scan has one of its own.
class ScanPace {
 public:
  explicit ScanPace(const State& state) : state_(state), folded_(Folded()) {}

  // Must be called now and then, without the lock of the state.
  void RestIfCommitting() {
    constexpr Duration kRestMax = std::chrono::milliseconds(50);
    const BlockSequence folded = Folded();
    if (std::exchange(folded_, folded) != folded) {
      std::this_thread::sleep_for(std::min(Steady::now() - began_, kRestMax));
    }
    began_ = Steady::now();
  }

 private:
  using Steady = std::chrono::steady_clock;
  using Duration = Steady::duration;

  BlockSequence Folded() const {
    const ReaderLock lock(state_.mutex);
    return state_.views.folded().block;
  }

  const State& state_;
  BlockSequence folded_;  // When it last began to work.
  Steady::time_point began_ = Steady::now();
};

}  // namespace itemized
