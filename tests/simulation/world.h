// SPDX-License-Identifier: Apache-2.0
#pragma once

// Time, chance, and what happens next: all of it follows from a seed.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <utility>

namespace itemized::testing {

// Not thread-safe.
class World {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::nanoseconds;

  explicit World(uint64_t seed) : random_(seed) {}

  TimePoint now() const { return now_; }
  // Instants of the simulated clock, counted from its beginning.
  int64_t elapsed_us() const;

  uint64_t Below(uint64_t end) { return random_() % end; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  Duration Within(Duration end);  // Returns a uniform one in [0, end).

  // Events at the same instant happen in the order in which they were planned.
  void At(TimePoint when, std::function<void()> event);
  void After(Duration delay, std::function<void()> event) { At(now_ + delay, std::move(event)); }
  // Moves on to the next event. Returns false if there is none before `end`.
  bool Step(TimePoint end);

  // Notes what happened, so that two runs of one seed can be compared.
  void Note(uint64_t fact);
  uint64_t history() const { return history_; }

 private:
  std::mt19937_64 random_;
  TimePoint now_{};
  std::multimap<TimePoint, std::function<void()>> events_;
  uint64_t history_ = 0;
};

}  // namespace itemized::testing
