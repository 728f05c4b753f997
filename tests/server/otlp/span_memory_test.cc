// SPDX-License-Identifier: Apache-2.0
// What the spans of an hour leave in memory, if no root of any trace ever comes. Counts what is
// allocated in this process.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include <gtest/gtest.h>

#include "server/otlp/span_assembler.h"
#include "tests/server/otlp/span_maker.h"

namespace {
std::atomic<int64_t> allocated{0};
}  // namespace

void* operator new(size_t size) {
  void* const memory = std::malloc(std::max<size_t>(size, 1));
  if (memory == nullptr) {
    std::abort();
  }
  allocated += static_cast<int64_t>(malloc_usable_size(memory));
  return memory;
}
void operator delete(void* memory) noexcept {
  allocated -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
void operator delete(void* memory, size_t /*size*/) noexcept {
  operator delete(memory);
}

namespace itemized::server {
namespace {

constexpr uint64_t kTraces = 350'000;  // Enough that what is known of traces is trimmed twice.
constexpr uint64_t kTracesOfARequest = 100;
constexpr uint64_t kStepMs = 3'600'000 / kTraces;

// A store that takes everything and keeps nothing.
void Accept(const Principal& /*principal*/, const Submission& submission, const SubmitDone& done) {
  done(SubmissionResult(submission.parts.size()));
}

std::vector<TakenSpan> Request(uint64_t first) {
  std::vector<TakenSpan> spans;
  for (uint64_t i = first; i < first + kTracesOfARequest; ++i) {
    KeptSpan span = WithUsage(
        MakeSpan('c', 'r', spans::v1::SPAN_ROLE_MODEL, "chat", 1'000 + kStepMs * i), "m", 10, 5);
    span.set_scope("openai");
    spans.push_back({absl::StrFormat("%016d", i), std::move(span)});
  }
  return spans;
}

TEST(SpanMemory, IsFlatOverAnHourInWhichEveryRootIsLost) {
  SpanCounters counters;
  SpanAssembler assembler(
      Accept, [](absl::string_view) { return std::vector<Note>(); }, SpanMapping(), counters,
      /*cached_spans_max=*/5'000);
  int64_t early = 0;
  int64_t late = 0;
  for (uint64_t i = 0; i < kTraces; i += kTracesOfARequest) {
    std::promise<bool> done;
    assembler.Take(Principal::Local(), Request(i), [&](const absl::StatusOr<SpansResult>& result) {
      done.set_value(result.ok() && result->accepted == kTracesOfARequest);
    });
    ASSERT_TRUE(done.get_future().get());
    int64_t& most = i < kTraces * 2 / 3 ? early : late;
    most = std::max(most, allocated.load());
  }
  EXPECT_EQ(counters.rootless, static_cast<int64_t>(kTraces));
  EXPECT_LE(late, early + early / 20);
  EXPECT_LE(early, int64_t{200} << 20);
}

}  // namespace
}  // namespace itemized::server
