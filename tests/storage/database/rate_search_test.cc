// SPDX-License-Identifier: Apache-2.0
// Who searches for the rate of a model that is new.

#include <pthread.h>
#include <time.h>

#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr int kExpressions = 1'000;
constexpr int kModels = 300;

// Returns how long the thread that calls this has worked so far, whatever else the machine does.
int64_t WorkedNs() {
  timespec worked{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked);
  return worked.tv_sec * 1'000'000'000 + worked.tv_nsec;
}

class RateSearches : public DatabaseTest {
 protected:
  // Returns how long the thread that commits has worked, which answers changes of rates.
  int64_t CommitterWorkedNs() {
    std::promise<int64_t> worked;
    db().SetRates({}, Reprice::kAll, [&](const absl::StatusOr<RateChange>&) { worked.set_value(WorkedNs()); });
    return worked.get_future().get();
  }
};

// The thread that commits would hold up all other senders for as long as a stranger's expressions
// take.
TEST_F(RateSearches, AreMadeByWhoeverBringsTheNameAndNotByTheThreadThatCommits) {
  std::vector<Rate> rates;
  for (int i = 0; i < kExpressions; ++i) {
    rates.push_back(MakeRate("", 1, 1));
    rates.back().match.kind = ModelMatch::Kind::kRegex;
    rates.back().match.text = absl::StrCat("[ab]+[cd]+x", i, "$");
  }
  SetRates(rates);
  std::vector<Call> calls;
  for (int i = 0; i < kModels; ++i) {
    calls.push_back(MakeCall(absl::StrCat("c-", i), "run", "planning", 1));
    calls.back().model = absl::StrCat("a-new-model-abcdabcdabcd-", i);
  }
  const int64_t committer_before = CommitterWorkedNs();
  const int64_t sender_before = WorkedNs();
  Store(calls);
  const int64_t sender = WorkedNs() - sender_before;
  const int64_t committer = CommitterWorkedNs() - committer_before;
  EXPECT_LT(2 * committer,
            sender);  // It works a tenth of that, and would work fifty times as much as the sender.
}

}  // namespace
}  // namespace itemized::testing
