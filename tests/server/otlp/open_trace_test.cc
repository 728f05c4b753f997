// SPDX-License-Identifier: Apache-2.0
// Spans that arrive in any order, in any parts and more than once, come to the same calls.

#include "server/otlp/open_trace.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/escaping.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/otlp/span_maker.h"

namespace itemized::server {
namespace {

using enum spans::v1::SpanRole;

// What a store has of the calls of traces: the newest revision of each that was not retracted.
class Bill {
 public:
  void Take(const TraceChanges& changes) {
    for (const CallId& id : changes.retractions) {
      EXPECT_EQ(calls_.erase({id.workflow_id, id.event_id}), 1U) << id.event_id;
    }
    for (const Call& call : changes.calls) {
      const std::pair key(call.workflow_id, call.event_id);
      const auto newest = revisions_.find(key);
      EXPECT_TRUE(newest == revisions_.end() || call.revision > newest->second) << call.event_id;
      revisions_[key] = call.revision;
      calls_[key] = call;
      calls_[key].revision = 0;
    }
    for (const Completion& completion : changes.completions) {
      if (completion.takes_back) {
        EXPECT_EQ(completions_.erase(completion.workflow_id), 1U);
      } else {
        completions_[completion.workflow_id] = completion;
      }
    }
  }
  bool operator==(const Bill& other) const {
    return calls_ == other.calls_ && completions_ == other.completions_;
  }
  size_t size() const { return calls_.size(); }

 private:
  std::map<std::pair<std::string, std::string>, Call> calls_;
  std::map<std::pair<std::string, std::string>, uint32_t> revisions_;
  std::map<std::string, Completion> completions_;
};

// Random spans: trees with all roles, twins, names and lost parents.
std::vector<KeptSpan> RandomSpans(std::mt19937* random) {
  const auto pick = [&](int count) {
    return static_cast<int>((*random)() % static_cast<unsigned>(count));
  };
  std::vector<KeptSpan> spans;
  const int count = 1 + pick(12);
  for (int i = 0; i < count; ++i) {
    const char parent = i == 0 ? '\0' : static_cast<char>('a' + pick(i + 1));
    const auto role = static_cast<spans::v1::SpanRole>(pick(6));
    KeptSpan span = MakeSpan(static_cast<char>('a' + i), parent, role, "span-" + std::to_string(i),
                             static_cast<uint64_t>(1'000 + 10 * pick(5)));
    span.set_scope(pick(2) == 0 ? "scope-a" : "scope-b");
    if (pick(3) != 0) {
      span = WithUsage(span, pick(2) == 0 ? "m" : "m-2026", 10 * pick(3), pick(2));
    }
    if (pick(4) == 0) {
      span.set_our_workflow_id("ours-" + std::to_string(pick(2)));
    }
    if (pick(3) == 0) {
      span.set_node("node-" + std::to_string(i));
    }
    if (pick(5) == 0) {
      span.set_our_outcome("abandoned");
    }
    spans.push_back(std::move(span));
  }
  return spans;
}

Bill AtOnce(const std::vector<KeptSpan>& spans) {
  OpenTrace trace(kTrace);
  for (const KeptSpan& span : spans) {
    EXPECT_TRUE(trace.Add(span));
  }
  Bill bill;
  bill.Take(trace.Recount());
  return bill;
}

TEST(OpenTrace, ComesToTheSameInAnyOrderAndParts) {
  std::mt19937 random(25);
  size_t calls = 0;
  for (int round = 0; round < 3'000; ++round) {
    const std::vector<KeptSpan> spans = RandomSpans(&random);
    const Bill expected = AtOnce(spans);
    calls += expected.size();
    std::vector<KeptSpan> shuffled = spans;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    auto trace = std::make_unique<OpenTrace>(kTrace);
    Bill bill;
    for (const KeptSpan& span : shuffled) {
      ASSERT_TRUE(trace->Add(span));
      if (random() % 2 == 0) {
        bill.Take(trace->Recount());
      }
      ASSERT_FALSE(trace->Add(span));  // A re-delivery.
    }
    bill.Take(trace->Recount());
    ASSERT_EQ(bill, expected) << "round " << round;
  }
  EXPECT_GT(calls, 3'000U);
}

TEST(OpenTrace, GoesOnFromWhatWasKeptOfIt) {
  std::mt19937 random(26);
  for (int round = 0; round < 1'000; ++round) {
    const std::vector<KeptSpan> spans = RandomSpans(&random);
    const Bill expected = AtOnce(spans);
    std::map<std::string, std::string> kept;  // The rows of the store.
    Bill bill;
    for (const KeptSpan& span : spans) {
      OpenTrace trace(kTrace);
      for (const auto& [id, row] : kept) {
        KeptSpan restored;
        ASSERT_TRUE(restored.ParseFromString(row));
        trace.Restore(std::move(restored));
      }
      trace.FinishRestoring();
      ASSERT_TRUE(trace.Add(span));
      const TraceChanges changes = trace.Recount();
      for (const size_t changed : changes.kept) {
        kept[trace[changed].span_id()] = trace[changed].SerializeAsString();
      }
      bill.Take(changes);
    }
    ASSERT_EQ(bill, expected) << "round " << round;
  }
}

TEST(OpenTrace, ChangesNothingForARedelivery) {
  OpenTrace trace(kTrace);
  const KeptSpan call = WithUsage(MakeSpan('a', 0, SPAN_ROLE_MODEL, "chat"), "m", 1, 1);
  ASSERT_TRUE(trace.Add(call));
  EXPECT_EQ(trace.Recount().calls.size(), 1U);
  EXPECT_FALSE(trace.Add(call));
  const TraceChanges again = trace.Recount();
  EXPECT_TRUE(again.calls.empty());
  EXPECT_TRUE(again.kept.empty());
  EXPECT_TRUE(again.completions.empty());
}

}  // namespace
}  // namespace itemized::server
