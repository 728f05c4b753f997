// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/sketch/values.h"

#include <functional>
#include <limits>
#include <random>
#include <utility>

namespace itemized {
namespace {

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();

using Random = std::mt19937_64;

Sample Generate(std::string name, size_t size, const std::function<int64_t(Random&)>& value) {
  Random random(size + name.size());
  Sample sample{std::move(name), {}};
  for (size_t i = 0; i < size; ++i) {
    sample.values.push_back(value(random));
  }
  return sample;
}

std::function<int64_t(Random&)> Uniform(int64_t low, int64_t high) {
  return [low, high](Random& random) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
}

int64_t LogNormal(Random& random) {
  return static_cast<int64_t>(std::lognormal_distribution<double>(22, 2)(random));
}

// Makes a value like a cost: a price times whole tokens.
int64_t Cost(Random& random) {
  const int64_t input = Uniform(500, 9'000)(random);
  const int64_t output = Uniform(20, 700)(random);
  return input * 3'000'000 + output * 15'000'000;
}

int64_t TwoPoint(Random& random) {
  return random() % 10 == 0 ? 5'000'000'001 : 999'999'937;
}

int64_t PowerOfTwo(Random& random) {
  return int64_t{1} << (random() % 63);
}

// Makes a neighbour of a power of two.
int64_t Rim(Random& random) {
  return PowerOfTwo(random) - 1 + static_cast<int64_t>(random() % 2);
}

int64_t AnySize(Random& random) {
  return static_cast<int64_t>((random() >> 1) >> (random() % 63));
}

}  // namespace

std::vector<Sample> Samples() {
  return {
      {"one zero", {0}},
      {"one value", {123'456'789}},
      {"the largest value", {kInt64Max}},
      {"both ends", {0, kInt64Max, kInt64Max - 1, 1}},
      Generate("constant", 500, Uniform(147'000'000'000, 147'000'000'000)),
      Generate("zeros and ones", 300, Uniform(0, 1)),
      Generate("small", 1'000, Uniform(0, 300)),
      Generate("uniform", 1'500, Uniform(1'000'000, 900'000'000)),
      Generate("one octave", 1'000, Uniform(1 << 20, (1 << 21) - 1)),
      Generate("one bucket", 200, Uniform(int64_t{1} << 40, (int64_t{1} << 40) + (1 << 30))),
      Generate("lognormal", 1'500, LogNormal),
      Generate("costs", 1'500, Cost),
      Generate("two points", 500, TwoPoint),
      Generate("powers of two", 500, PowerOfTwo),
      Generate("rims", 800, Rim),
      Generate("any size", 1'500, AnySize),
      Generate("up to 2^62", 1'000, Uniform(0, int64_t{1} << 62)),
      Generate("the top bucket", 1'000, Uniform(kInt64Max - (int64_t{1} << 54), kInt64Max)),
  };
}

Histogram Of(const std::vector<int64_t>& values) {
  Histogram histogram;
  for (const int64_t value : values) {
    histogram.Add(value);
  }
  return histogram;
}

}  // namespace itemized
