// SPDX-License-Identifier: Apache-2.0
// The part of Database that is about rates, and about pricing earlier calls again.

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/database/database.h"
#include "storage/database/database_impl.h"
#include "storage/query/queries.h"
#include "storage/store/entry_rows.h"

namespace itemized {
namespace {

// Checks rates that come into the book at `now_us`. It runs on the caller's thread, since compiling
// expressions takes long.
absl::StatusOr<std::vector<CheckedRatePtr>> CheckRates(std::vector<Rate> rates, int64_t now_us) {
  RETURN_IF_ERROR(CheckRateCount(rates.size()));
  std::vector<CheckedRatePtr> checked;
  for (Rate& rate : rates) {
    rate.recorded_at_us = now_us;
    const std::string name = rate.match.ToString();
    absl::StatusOr<CheckedRatePtr> made = CheckedRate::Make(std::move(rate));
    if (!made.ok()) {
      return absl::Status(
          made.status().code(),
          absl::StrCat("The rate for ", name, " cannot be set. ", made.status().message()));
    }
    checked.push_back(*std::move(made));
  }
  return checked;
}

// Hands rates that were checked to `put`, on the committer's thread.
void PutRates(Committer& committer, absl::StatusOr<std::vector<CheckedRatePtr>> checked,
              void (Repricing::*put)(const std::vector<CheckedRatePtr>&, Reprice, Repricing::Done),
              Reprice which, Repricing::Done done) {
  if (!checked.ok()) {
    return done(checked.status());
  }
  committer.Post([&committer, rates = *std::move(checked), put, which, done = std::move(done)](
                     State&) { (committer.repricing().*put)(rates, which, done); });
}

}  // namespace

void Database::SetRates(std::vector<Rate> rates, Reprice which, RatesDone done) {
  PutRates(impl_->committer(), CheckRates(std::move(rates), impl_->state().trusted.NowUs()),
           &Repricing::Set, which, std::move(done));
}

void Database::SetBundledRates(std::vector<Rate> rates, Reprice which, RatesDone done) {
  for (Rate& rate : rates) {
    rate.origin = RateOrigin::kBundled;
  }
  PutRates(impl_->committer(), CheckRates(std::move(rates), impl_->state().trusted.NowUs()),
           &Repricing::SetBundled, which, std::move(done));
}

void Database::RemoveRates(std::vector<RateName> names, Reprice which, RatesDone done) {
  Committer& committer = impl_->committer();
  committer.Post([&committer, names = std::move(names), which, done = std::move(done)](State&) {
    committer.repricing().Remove(names, which, done);
  });
}

namespace {

// Calls `start` with a function that is to be called at the end, and waits until it is.
template <typename Result, typename Start>
absl::StatusOr<Result> WaitFor(Start start) {
  std::promise<absl::StatusOr<Result>> promise;
  start([&](absl::StatusOr<Result> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

// Waits for the end of a job, which `start` begins.
template <typename Start>
absl::StatusOr<RepricingJob> WaitForJob(Start start) {
  return WaitFor<RepricingJob>([&](const Database::JobDone& done) {
    const auto begun = [done](const absl::StatusOr<RepricingJob>& job) {
      if (!job.ok()) {
        done(job);
      }
    };
    start(begun, done);
  });
}

}  // namespace

absl::StatusOr<RateChange> Database::SetRates(std::vector<Rate> rates, Reprice which) {
  return WaitFor<RateChange>(
      [&](RatesDone done) { SetRates(std::move(rates), which, std::move(done)); });
}

absl::StatusOr<RateChange> Database::SetBundledRates(std::vector<Rate> rates, Reprice which) {
  return WaitFor<RateChange>(
      [&](RatesDone done) { SetBundledRates(std::move(rates), which, std::move(done)); });
}

absl::StatusOr<RateChange> Database::RemoveRates(std::vector<RateName> names, Reprice which) {
  return WaitFor<RateChange>(
      [&](RatesDone done) { RemoveRates(std::move(names), which, std::move(done)); });
}

void Database::StartRepricing(const RepricingRequest& request, JobDone begun, JobDone done) {
  Committer& committer = impl_->committer();
  committer.Post([&committer, request, begun = std::move(begun), done = std::move(done)](State&) {
    committer.repricing().Start(request, begun, done);
  });
}

void Database::UndoRepricing(uint64_t id, JobDone begun, JobDone done) {
  Committer& committer = impl_->committer();
  committer.Post([&committer, id, begun = std::move(begun), done = std::move(done)](State&) {
    committer.repricing().Undo(id, begun, done);
  });
}

absl::StatusOr<RepricingJob> Database::RepriceCalls(const RepricingRequest& request) {
  return WaitForJob([&](JobDone begun, JobDone done) {
    StartRepricing(request, std::move(begun), std::move(done));
  });
}

absl::StatusOr<RepricingJob> Database::UndoRepricing(uint64_t id) {
  return WaitForJob(
      [&](JobDone begun, JobDone done) { UndoRepricing(id, std::move(begun), std::move(done)); });
}

std::vector<RepricingJob> Database::ListRepricings() const {
  const State& state = impl_->state();
  const ReaderLock lock(state.mutex);
  std::vector<RepricingJob> jobs;
  for (auto stored = state.jobs.rbegin(); stored != state.jobs.rend(); ++stored) {
    jobs.push_back(stored->second.job);
  }
  return jobs;
}

absl::StatusOr<RepricingPreview> Database::PreviewRepricing(
    const RepricingRequest& request, const Cancellation* cancellation) const {
  return impl_->Ask(AnswerRepricingPreview, request, std::nullopt, cancellation);
}

absl::Status Database::WaitUntilRepriced() {
  Committer& committer = impl_->committer();
  return WaitFor<RateChange>([&](RatesDone done) {
           committer.Post([&committer, done = std::move(done)](State&) {
             committer.repricing().WhenDone(done);
           });
         })
      .status();
}

void Database::AbandonRateChanges() {
  Committer& committer = impl_->committer();
  committer.Post([&committer](State&) { committer.repricing().Abandon(); });
}

std::optional<RepricingProgress> Database::Repricing() const {
  const ReaderLock lock(impl_->state().mutex);
  return impl_->state().repricing;
}

std::vector<Rate> Database::ListRates() const {
  return impl_->state().rates.book()->List();
}

absl::StatusOr<std::vector<EndedRate>> Database::ListEndedRates() const {
  ASSIGN_OR_RETURN(std::vector<EndedRate> ended, LoadEndedRates(*impl_->state().kv));
  std::stable_sort(ended.begin(), ended.end(),
                   [](const EndedRate& a, const EndedRate& b) { return a.at_us > b.at_us; });
  return ended;
}

std::vector<UnpricedModel> Database::ListUnpriced() const {
  return ListUnpricedModels(impl_->state());
}

}  // namespace itemized
