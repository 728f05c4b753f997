// SPDX-License-Identifier: Apache-2.0
#pragma once

// Waiting times between attempts double from an initial one to a longest one. Each is shortened at
// random by up to half, so that many clients do not return at once.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace itemized::client {

// Says how long to wait before the next attempt. Not thread-safe.
class Backoff {
 public:
  using Duration = std::chrono::nanoseconds;

  Backoff(Duration initial, Duration max, uint32_t seed = std::random_device()())
      : initial_(initial), max_(std::max(initial, max)), next_(initial), random_(seed) {}

  Duration Next() {
    const Duration full = next_;
    next_ = next_ > max_ / 2 ? max_ : next_ * 2;
    return Duration(
        std::uniform_int_distribution<Duration::rep>(full.count() / 2, full.count())(random_));
  }

  // Says that an attempt succeeded: the next wait is the initial one again.
  void Reset() { next_ = initial_; }

 private:
  Duration initial_;
  Duration max_;
  Duration next_;
  std::minstd_rand random_;
};

}  // namespace itemized::client
