// SPDX-License-Identifier: Apache-2.0
#pragma once

// A database whose calls are priced again by jobs, and what shows that nothing else has changed.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"
#include "tests/storage/database/random_events.h"

namespace itemized::testing {

inline constexpr const char* kModel = "claude-sonnet-4-6";  // The one of MakeCall.

class RepricingJobsTest : public DatabaseTest {
 protected:
  void SetPrice(int64_t picos, Reprice which = Reprice::kUnpriced) {
    ASSERT_TRUE(db().SetRates({MakeRate(kModel, picos, picos)}, which).ok());
  }
  RepricingJob RepriceAll() { return Value(db().RepriceCalls(RepricingRequest())); }

  // The answers to all questions that have money in them.
  std::string Answers() {
    std::string text;
    for (const GroupBy by : {GroupBy::kStep, GroupBy::kModel, GroupBy::kWorkflow}) {
      text += Describe(Value(db().Top({.window = Always(), .by = by})));
    }
    text += Describe(Value(db().Workflows(Always())));
    text += Describe(Value(db().Outliers({.window = Always(), .limit = 100'000})));
    return text;
  }

  // The rows of the views on disk, but for the watermarks and for runs, which name the blocks of
  // the log that have rows of theirs.
  std::map<std::string, std::string> RowsOfViews() {
    EXPECT_TRUE(db().Checkpoint().ok());
    Close();
    std::map<std::string, std::string> found;
    {
      const std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory()));
      for (const Family family : {Family::kRollups, Family::kOutcomes}) {
        auto rows = kv->Scan(family, "", "");
        for (; rows->Valid(); rows->Next()) {
          if (rows->key() != keys::kWatermark) {
            found[std::to_string(static_cast<int>(family)) + std::string(rows->key())] =
                std::string(rows->value());
          }
        }
        EXPECT_TRUE(rows->status().ok());
      }
    }
    Reopen();
    return found;
  }

  void StoreRandomCalls(RandomEvents* events, int batches) {
    for (int i = 0; i < batches; ++i) {
      std::vector<Call> calls;
      for (int n = 0; n < 10; ++n) {
        calls.push_back(events->NextCall(clock().NowUs()));
      }
      Write(calls, {events->NextCompletion(clock().NowUs())});
      clock().Advance(kMinuteUs);
    }
  }
};

}  // namespace itemized::testing
