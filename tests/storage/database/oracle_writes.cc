// SPDX-License-Identifier: Apache-2.0
// What OracleRun changes, and what it does when the log fails meanwhile.

#include <utility>

#include "absl/cleanup/cleanup.h"
#include <gtest/gtest.h>

#include "tests/storage/database/broken_batch.h"
#include "tests/storage/database/describe.h"
#include "tests/storage/database/oracle_run.h"

namespace itemized::testing {

// The committer's thread calls this, while the test's waits for it.
LogFault OracleRun::NextFault(const Entry& entry) {
  const bool is_chosen = !sets_rates_ || !entry.rates_set.empty() || !entry.rates_removed.empty();
  if (!may_fail_ || !is_chosen || !fault_random_.Percent(8)) {
    return LogFault::kNone;
  }
  const auto fault = fault_random_.Pick(
      std::vector<LogFault>{LogFault::kRefused, LogFault::kLost, LogFault::kAppendedUnknown});
  appended_unknown_ = appended_unknown_ || fault == LogFault::kAppendedUnknown;
  return fault;
}

bool OracleRun::IsLogFault(const absl::Status& status, bool* is_in_log) {
  *is_in_log = std::exchange(appended_unknown_, false);
  EXPECT_TRUE(status.ok() || (faulty_log_ && absl::IsUnavailable(status))) << status;
  return absl::IsUnavailable(status);
}

void OracleRun::WaitUntilRepriced() {
  absl::Status status;
  do {
    status = db_->WaitUntilRepriced();
    EXPECT_TRUE(status.ok() || faulty_log_) << status;
  } while (absl::IsUnavailable(status));
  appended_unknown_ = false;
}

void OracleRun::WriteToBoth(const std::vector<Call>& calls,
                            const std::vector<Completion>& completions,
                            const std::set<size_t>& malformed) {
  absl::StatusOr<BatchResult> result = absl::UnknownError("");
  for (bool is_in_log = true; !result.ok();) {
    EventBatch batch = MakeBatch(calls, completions);
    for (const size_t row : malformed) {
      PointStepNowhere(&batch, row);
    }
    result = db_->Write(std::move(batch));
    if (IsLogFault(result.status(), &is_in_log) && is_in_log) {
      model_.Write(calls, completions, clock_.NowUs(), malformed);
    }
  }
  EXPECT_EQ(Describe(model_.Write(calls, completions, clock_.NowUs(), malformed)),
            Describe(*result));
  for (const Refusal& refusal : result->refusals) {
    EXPECT_FALSE(refusal.message.empty());
  }
}

void OracleRun::SetRates() {
  const bool bundled = random_.Percent(20);
  const std::vector<Rate> rates =
      bundled ? events_.NextBundledRates(clock_.NowUs()) : events_.NextRates(clock_.NowUs());
  const RateChange expected = bundled ? model_.SetBundledRates(rates) : model_.SetRates(rates);
  const auto set = [&] { return bundled ? db_->SetBundledRates(rates) : db_->SetRates(rates); };
  const absl::Cleanup done = [this] { sets_rates_ = false; };
  sets_rates_ = true;
  bool is_in_log = false;
  absl::StatusOr<RateChange> actual = set();
  if (!IsLogFault(actual.status(), &is_in_log)) {
    EXPECT_EQ(Describe(expected), Describe(Value(actual)));
    return;
  }
  while (IsLogFault(actual.status(), &is_in_log)) {
    actual = set();
  }
  WaitUntilRepriced();
}

// Removes some rates, and now and then one that was never set among them. The rate of the model
// that is too costly to store stays, since calls of that model must never be stored.
void OracleRun::RemoveRates() {
  std::vector<RateName> names;
  for (const Rate& rate : model_.ListRates()) {
    if (rate.match != RandomEvents::CostlyRate().match && rate.origin == RateOrigin::kUser &&
        random_.Percent(15)) {
      names.push_back({.provider = rate.provider,
                       .match = rate.match,
                       .effective_from_us = rate.effective_from_us,
                       .hours = rate.hours,
                       .service_tier = rate.service_tier,
                       .region = rate.region,
                       .attribute_key = rate.attribute_key,
                       .attribute_value = rate.attribute_value,
                       .is_multiplier = rate.is_multiplier()});
    }
  }
  if (random_.Percent(10)) {
    names.push_back({.provider = "nobody", .match = ModelMatch::Equals("never set")});
  }
  const std::optional<RateChange> expected = model_.RemoveRates(names);
  bool is_in_log = false;
  const absl::Cleanup done = [this] { sets_rates_ = false; };
  sets_rates_ = true;
  absl::StatusOr<RateChange> actual = db_->RemoveRates(names);
  if (!absl::IsNotFound(actual.status()) && IsLogFault(actual.status(), &is_in_log)) {
    while (!absl::IsNotFound(actual.status()) && IsLogFault(actual.status(), &is_in_log)) {
      actual = db_->RemoveRates(names);  // Rates that are gone are not found.
    }
    EXPECT_TRUE(expected.has_value());
    return WaitUntilRepriced();
  }
  if (expected.has_value()) {
    EXPECT_EQ(Describe(*expected), Describe(Value(actual)));
  } else {
    EXPECT_EQ(actual.status().code(), absl::StatusCode::kNotFound);
  }
}

void OracleRun::Retract() {
  std::vector<CallId> ids;
  for (int64_t i = random_.Between(1, 4); i > 0; --i) {
    if (random_.Percent(20) || delivered_.empty()) {
      ids.push_back({"run-1", "unknown" + std::to_string(random_.Between(0, 9))});
      continue;
    }
    const bool recent = random_.Percent(50);
    const int64_t last = static_cast<int64_t>(delivered_.size()) - 1;
    const int64_t first = recent ? std::max<int64_t>(0, last - 20) : 0;
    const Call& call = delivered_[static_cast<size_t>(random_.Between(first, last))];
    if (!call.event_id.empty()) {
      ids.push_back({call.workflow_id, call.event_id});
    }
  }
  absl::StatusOr<int64_t> retracted = db_->Retract(ids);
  bool is_in_log = false;
  while (IsLogFault(retracted.status(), &is_in_log)) {
    if (is_in_log) {
      model_.Retract(ids);
    }
    retracted = db_->Retract(ids);
  }
  EXPECT_EQ(model_.Retract(ids), Value(retracted));
}

}  // namespace itemized::testing
