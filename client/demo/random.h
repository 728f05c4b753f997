// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace itemized::demo {

// A reproducible source of random numbers (SplitMix64): the same seed gives
// the same numbers with every compiler and library. Not thread-safe.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next();
  double Uniform();  // Is at least 0 and below 1.
  double Uniform(double low, double high);
  bool Chance(double probability) { return Uniform() < probability; }
  double Normal();  // Mean 0, deviation 1.
  // `median` times e to the power of a normal deviate of deviation `sigma`.
  double LogNormal(double median, double sigma);
  // An integer of the given mean >= 0: one of its two neighbours.
  int Around(double mean);
  std::string Hex(int digits);  // Lower-case, at most 16 digits.

 private:
  uint64_t state_;
};

}  // namespace itemized::demo
