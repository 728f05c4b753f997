// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/world.h"

#include <algorithm>

namespace itemized::testing {

int64_t World::elapsed_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch()).count();
}

World::Duration World::Within(Duration end) {
  return Duration(static_cast<int64_t>(Below(static_cast<uint64_t>(end.count()))));
}

void World::At(TimePoint when, std::function<void()> event) {
  events_.emplace(std::max(when, now_), std::move(event));
}

bool World::Step(TimePoint end) {
  if (events_.empty() || events_.begin()->first >= end) {
    return false;
  }
  auto next = events_.extract(events_.begin());
  now_ = next.key();
  next.mapped()();
  return true;
}

void World::Note(uint64_t fact) {
  constexpr uint64_t kOddMultiplier = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio.
  history_ =
      (history_ ^ fact ^ static_cast<uint64_t>(now_.time_since_epoch().count())) * kOddMultiplier;
  history_ ^= history_ >> 29;
}

}  // namespace itemized::testing
