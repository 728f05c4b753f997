// SPDX-License-Identifier: Apache-2.0
#include "client/demo/random.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace itemized::demo {

uint64_t Random::Next() {
  state_ += 0x9E3779B97F4A7C15u;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

double Random::Uniform() {
  return static_cast<double>(Next() >> 11) * 0x1.0p-53;
}

double Random::Uniform(double low, double high) {
  return low + (high - low) * Uniform();
}

double Random::Normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return radius * std::cos(2.0 * M_PI * Uniform());
}

double Random::LogNormal(double median, double sigma) {
  return median * std::exp(sigma * Normal());
}

int Random::Around(double mean) {
  return static_cast<int>(mean + Uniform());
}

std::string Random::Hex(int digits) {
  return absl::StrFormat("%016x", Next()).substr(0, static_cast<size_t>(digits));
}

}  // namespace itemized::demo
