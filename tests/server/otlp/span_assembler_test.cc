// SPDX-License-Identifier: Apache-2.0
// Spans of several traces, in any order and parts and over restarts, in the bill of a database.

#include "server/otlp/span_assembler.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/otlp/span_maker.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::server {
namespace {

using enum spans::v1::SpanRole;
using ::testing::HasSubstr;

std::string TraceId(int number) {
  return std::string(15, 't') + static_cast<char>('0' + number);
}

class Assembled : public itemized::testing::DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    Start();
  }
  void TearDown() override {
    assembler_.reset();
    DatabaseTest::TearDown();
  }

  void Start() {
    assembler_ = std::make_unique<SpanAssembler>(
        [this](const Principal& /*principal*/, Submission submission, SubmitDone done) {
          db().Submit(std::move(submission), std::move(done));
        },
        [this](absl::string_view prefix) {
          ++reads_[std::string(prefix)];
          return db().ReadNotes(prefix);
        },
        SpanMapping(), counters_, cached_spans_max_);
  }
  void Restart() {
    assembler_.reset();
    Reopen();
    Start();
  }

  void Take(std::vector<TakenSpan> spans) {
    std::promise<absl::StatusOr<SpansResult>> done;
    assembler_->Take(Principal::Local(), std::move(spans),
                     [&](absl::StatusOr<SpansResult> result) { done.set_value(result); });
    const absl::StatusOr<SpansResult> result = done.get_future().get();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->rejected, 0) << result->message;
  }

  // All that the database says of the runs of these traces.
  std::string Bill(int traces) {
    std::string bill;
    for (int i = 0; i < traces; ++i) {
      const auto run = db().GetRun(absl::BytesToHexString(TraceId(i)));
      if (!run.ok()) {
        absl::StrAppend(&bill, i, ": none\n");
        continue;
      }
      absl::StrAppend(&bill, i, ": ", run->workflow, " ", static_cast<int>(run->outcome), " ",
                      run->completed_at_us, "\n");
      for (const BilledCall& billed : run->calls) {
        const Call& call = billed.call;
        absl::StrAppend(&bill, "  ", call.event_id, " ", call.step, " ", call.model, " ",
                        call.usage.has_value() ? call.usage->TotalTokens() : -1, "\n");
        for (const auto& [key, value] : call.attributes) {
          absl::StrAppend(&bill, "    ", key, "=", value, "\n");
        }
      }
    }
    return bill;
  }

  SpanCounters counters_;
  size_t cached_spans_max_ = SpanAssembler::kCachedSpansMax;
  std::map<std::string, int> reads_;  // How often the notes of a prefix were read.
  std::unique_ptr<SpanAssembler> assembler_;
};

KeptSpan Model(char id, char parent, const std::string& scope, uint64_t start_ms, int64_t input) {
  KeptSpan span = WithUsage(MakeSpan(id, parent, SPAN_ROLE_MODEL, "chat", start_ms), "m", input, 5);
  span.set_scope(scope);
  return span;
}

// The instants of spans lie in the first hour of 1970, which the clock of the test allows.
TEST_F(Assembled, AnInstrumentationThatLostItsContextIsNotBilledTwice) {
  const std::vector<TakenSpan> lost = {{TraceId(0), Model('p', 0, "openai", 1'012, 10)}};
  Take(lost);
  EXPECT_THAT(Bill(1), HasSubstr("7070707070707070"));
  Take({{TraceId(1), Model('s', 'r', "langchain", 1'010, 10)}});
  EXPECT_EQ(Bill(1), "0: none\n");
  EXPECT_EQ(db().GetRun(absl::BytesToHexString(TraceId(1)))->calls.size(), 1U);
  EXPECT_EQ(Top().total.calls, 1);
  Restart();
  Take(lost);  // A re-delivery.
  Take({{TraceId(1), MakeSpan('r', 0, SPAN_ROLE_OTHER, "run", 1'000)}});
  EXPECT_EQ(Bill(1), "0: none\n");
  EXPECT_EQ(Top().total.calls, 1);
  EXPECT_EQ(db().GetRun(absl::BytesToHexString(TraceId(1)))->workflow, "run");
}

TEST_F(Assembled, MemoryHasNoMoreSpansForThoseThatAreGuests) {
  assembler_.reset();
  cached_spans_max_ = 30;
  Start();
  const auto name = [](int pair, char kind) {
    return std::string(12, kind) + absl::StrFormat("%04d", pair);
  };
  constexpr int kPairs = 100;
  std::vector<TakenSpan> hosts;
  for (int pair = 0; pair < kPairs; ++pair) {
    const auto start = static_cast<uint64_t>(1'000 + 1'000 * pair);
    hosts.push_back({name(pair, 'h'), Model('s', 'r', "langchain", start, 10)});
    Take({hosts.back(), {name(pair, 'g'), Model('p', 0, "openai", start + 2, 10)}});
  }
  ASSERT_EQ(Top().total.calls, kPairs);
  // Each pair has three rows, so that memory has the last ten of them.
  const int earlier = kPairs - 15;
  reads_.clear();
  Take({hosts[static_cast<size_t>(earlier)]});
  EXPECT_EQ(reads_[name(earlier, 'h')], 1);
}

// Spans of some traces of one process: runs, and roots that tell of calls in them or of their own.
std::vector<TakenSpan> RandomSpans(std::mt19937* random, int traces) {
  const auto pick = [&](int count) {
    return static_cast<int>((*random)() % static_cast<unsigned>(count));
  };
  std::vector<TakenSpan> spans;
  for (int trace = 0; trace < traces; ++trace) {
    const bool is_run = pick(2) == 0;
    if (is_run && pick(4) != 0) {
      spans.push_back({TraceId(trace), MakeSpan('r', 0, SPAN_ROLE_OTHER, "run", 1'000)});
    }
    const int calls = is_run ? 1 + pick(3) : 1;
    for (int i = 0; i < calls; ++i) {
      const std::string scope(1, static_cast<char>('a' + pick(3)));
      const auto start = static_cast<uint64_t>(1'000 + 20 * pick(4));
      const char parent = !is_run                 ? '\0'
                          : i > 0 && pick(3) == 0 ? static_cast<char>('A' + i - 1)
                                                  : 'r';
      spans.push_back(
          {TraceId(trace), Model(static_cast<char>('A' + i), parent, scope, start, 10 + pick(2))});
      spans.back().span.set_span_id(std::string(7, static_cast<char>('A' + i)) +
                                    static_cast<char>('0' + trace));
      if (parent >= 'A' && parent < 'r') {
        spans.back().span.set_parent_span_id(std::string(7, parent) +
                                             static_cast<char>('0' + trace));
      }
      if (pick(4) == 0) {
        spans.back().span.set_response_id(absl::StrCat("answer-", pick(3)));
      }
    }
  }
  return spans;
}

class AssembledInAnyOrder : public Assembled, public ::testing::WithParamInterface<int> {};

TEST_P(AssembledInAnyOrder, ComesToTheSame) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  constexpr int kTraces = 6;
  std::vector<TakenSpan> spans = RandomSpans(&random, kTraces);
  Take(spans);
  const std::string expected = Bill(kTraces);
  const int64_t calls = Top().total.calls;
  for (int order = 0; order < 3; ++order) {
    assembler_.reset();
    DatabaseTest::TearDown();
    Close();
    std::filesystem::remove_all(directory());
    DatabaseTest::SetUp();
    Start();
    std::shuffle(spans.begin(), spans.end(), random);
    for (size_t first = 0; first < spans.size();) {
      const size_t count = 1 + random() % 3;
      const size_t last = std::min(first + count, spans.size());
      Take({spans.begin() + static_cast<std::ptrdiff_t>(first),
            spans.begin() + static_cast<std::ptrdiff_t>(last)});
      if (random() % 8 == 0) {
        Restart();
      }
      first = last;
    }
    ASSERT_EQ(Bill(kTraces), expected);
    ASSERT_EQ(Top().total.calls, calls);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AssembledInAnyOrder, ::testing::Range(0, 40));

}  // namespace
}  // namespace itemized::server
