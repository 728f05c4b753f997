// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"

#include "storage/sketch/histogram.h"

namespace itemized {
namespace {

// Costs of one step: log-normal around $0.01, in pico-dollars.
std::vector<int64_t> Costs(size_t count) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> distribution(std::log(1e10), 0.9);
  std::vector<int64_t> costs(count);
  for (int64_t& cost : costs) {
    cost = static_cast<int64_t>(distribution(random));
  }
  return costs;
}

Histogram HistogramOf(const std::vector<int64_t>& costs) {
  Histogram histogram;
  for (const int64_t cost : costs) {
    histogram.Add(cost);
  }
  return histogram;
}

void HistogramAdd(benchmark::State& state) {
  const std::vector<int64_t> costs = Costs(1 << 16);
  Histogram histogram = HistogramOf(costs);
  size_t i = 0;
  for (auto _ : state) {
    histogram.Add(costs[i++ % costs.size()]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(HistogramAdd);

// Thirty days of one step into one, as the ranking does.
void MergeThirtyDaysAndAskP50(benchmark::State& state) {
  Histogram day = HistogramOf(Costs(static_cast<size_t>(state.range(0))));
  day.Compact();
  for (auto _ : state) {
    Histogram month;
    for (int i = 0; i < 30; ++i) {
      month.Merge(day);
    }
    benchmark::DoNotOptimize(month.Quantile(0.5));
  }
}
BENCHMARK(MergeThirtyDaysAndAskP50)->Arg(100)->Arg(1'000)->Arg(100'000);

void EncodeAndDecode(benchmark::State& state) {
  const Histogram histogram = HistogramOf(Costs(static_cast<size_t>(state.range(0))));
  for (auto _ : state) {
    std::string bytes;
    histogram.EncodeTo(&bytes);
    absl::string_view in = bytes;
    benchmark::DoNotOptimize(Histogram::DecodeFrom(&in));
    state.counters["bytes"] = static_cast<double>(bytes.size());
  }
}
BENCHMARK(EncodeAndDecode)->Arg(100)->Arg(100'000);

}  // namespace
}  // namespace itemized
