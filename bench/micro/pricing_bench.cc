// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"

#include "storage/base/check.h"
#include "storage/pricing/rate_book.h"

namespace itemized {
namespace {

int64_t UsdPerMillion(double usd) {
  return static_cast<int64_t>(usd * 1e6);
}

Rate TieredRate(const std::string& model) {
  Rate rate;
  rate.provider = "anthropic";
  rate.match = ModelMatch::Equals(model);
  rate.prices[static_cast<size_t>(UsageClass::kInput)] = UsdPerMillion(3);
  rate.prices[static_cast<size_t>(UsageClass::kCacheRead)] = UsdPerMillion(0.3);
  rate.prices[static_cast<size_t>(UsageClass::kCacheWrite5m)] = UsdPerMillion(3.75);
  rate.prices[static_cast<size_t>(UsageClass::kOutput)] = UsdPerMillion(15);
  RateTier tier{.input_tokens_over = 200'000, .prices = {}};
  tier.prices[static_cast<size_t>(UsageClass::kInput)] = UsdPerMillion(6);
  rate.tiers.push_back(tier);
  return rate;
}

Usage TypicalUsage() {
  Usage usage;
  usage[UsageClass::kInput] = 8'400;
  usage[UsageClass::kCacheRead] = 12'000;
  usage[UsageClass::kOutput] = 620;
  return usage;
}

void PriceOneCall(benchmark::State& state) {
  const Rate rate = TieredRate("claude-sonnet-4-6");
  Usage usage = TypicalUsage();
  for (auto _ : state) {
    benchmark::DoNotOptimize(usage);
    benchmark::DoNotOptimize(PriceUsage(rate, usage));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(PriceOneCall);

void FindScheduleAmongManyRates(benchmark::State& state) {
  RateBook book;
  for (int i = 0; i < state.range(0); ++i) {
    CHECK_OK(book.Set(TieredRate(absl::StrCat("model-", i))).status());
  }
  const std::string model = absl::StrCat("model-", state.range(0) / 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(book.Find("anthropic", model));
  }
}
BENCHMARK(FindScheduleAmongManyRates)->Arg(10)->Arg(1'000);

}  // namespace
}  // namespace itemized
