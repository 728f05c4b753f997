// SPDX-License-Identifier: Apache-2.0
#include "bench/load/mixed.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "bench/load/ingest.h"
#include "bench/load/workload.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kPages = 32;
constexpr auto kPeriod = std::chrono::seconds(2);
constexpr int kWindow = 256;  // The load is to be limited by time alone.

// What one page saw.
struct Page {
  std::vector<double> times_ms;
  absl::Status status;
};

// Every eighth page filters by an attribute, the others by names.
grpc::Status AskAs(int page, const Asker& asker) {
  return page % 8 == 7 ? asker.FilteredByAttribute(page) : asker.FilteredByName(page);
}

void KeepOpen(int number, const Asker& asker, const std::atomic<bool>& is_done, Page* page) {
  auto next = SteadyClock::now() + kPeriod * number / kPages;
  while (page->status.ok()) {
    std::this_thread::sleep_until(next);
    if (is_done) {
      return;
    }
    const auto asked = SteadyClock::now();
    page->status = ToStatus(AskAs(number, asker));
    const std::chrono::duration<double, std::milli> time = SteadyClock::now() - asked;
    page->times_ms.push_back(time.count());
    next = asked + kPeriod;
  }
}

}  // namespace

absl::StatusOr<MixedFigures> RunMixed(const std::string& address,
                                      const std::vector<std::vector<grpc::ByteBuffer>>& messages,
                                      const QueryPlan& plan) {
  std::atomic<bool> is_done = false;
  std::vector<Page> pages(kPages);
  std::vector<std::thread> threads;
  const Asker asker(address, plan);
  for (int number = 0; number < kPages; ++number) {
    threads.emplace_back(
        [&, number] { KeepOpen(number, asker, is_done, &pages[static_cast<size_t>(number)]); });
  }
  const double batches_per_s = static_cast<double>(kMixedCallsPerSecond) /
                               static_cast<double>(messages.size() * kBatchCalls);
  const auto interval = std::chrono::nanoseconds(static_cast<int64_t>(1e9 / batches_per_s));
  const absl::StatusOr<IngestFigures> ingest = RunIngest(address, messages, kWindow, interval);
  is_done = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  RETURN_IF_ERROR(ingest.status());
  std::vector<double> times_ms;
  for (const Page& page : pages) {
    RETURN_IF_ERROR(page.status);
    times_ms.insert(times_ms.end(), page.times_ms.begin(), page.times_ms.end());
  }
  size_t batches = 0;
  for (const auto& stream : messages) {
    batches += stream.size();
  }
  const double calls_per_s = static_cast<double>(batches * kBatchCalls) / ingest->seconds;
  return MixedFigures{.p50_ms = QuantileOf(times_ms, 0.5),
                      .p99_ms = QuantileOf(times_ms, 0.99),
                      .answers = static_cast<double>(times_ms.size()),
                      .ingest_share = calls_per_s / static_cast<double>(kMixedCallsPerSecond),
                      .ingest_calls_per_s = calls_per_s};
}

}  // namespace itemized::bench
