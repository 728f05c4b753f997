// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/repricing.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/maintenance/price_again.h"
#include "storage/store/usage_again.h"

namespace itemized {
namespace {

// How many calls are in one commit, at first and at most. The first ones teach what is normal, so
// that few are judged by the default threshold. The largest commits hold up ingestion for some 20
// ms.
constexpr size_t kCommitCallsFirst = 64;
constexpr size_t kCommitCallsMax = 8'192;

}  // namespace

Repricing::Repricing(State* state, std::function<void()> wake)
    : state_(*state), wake_(std::move(wake)) {
  Resume();
}

void Repricing::Resume() {
  const RepricingMark& mark = state_.repricing_mark;
  if (!mark.empty()) {
    next_scope_ = {.from_us = mark.from_us.value_or(kTimeMaxUs),
                   .unpriced_from_us = mark.unpriced_from_us.value_or(kTimeMaxUs),
                   .all = true};
  }
  ResumeJobs();
  if (!is_busy()) {
    StartPass();
  }
}

Repricing::~Repricing() {
  if (is_making_) {
    helper_.Wait();
  }
  Abandon();
}

void Repricing::Abandon() {
  is_abandoned_ = true;
  Fail(absl::UnavailableError(
      "The server is stopping; calls are priced again when it is next started."));
}

void Repricing::WhenDone(Done done) {
  if (!is_busy()) {
    return done(RateChange());
  }
  if (next_scope_.has_value() || job_.has_value()) {
    next_scope_ = next_scope_.value_or(RepricingScope());
    next_changes_.push_back({.result = {}, .done = std::move(done)});
  } else {
    changes_.push_back({.result = {}, .done = std::move(done)});
  }
}

// Begins with what is to be done next, if there is anything: changes of rates go before jobs.
void Repricing::StartPass() {
  if (next_scope_.has_value()) {
    pass_ = PlanRepricing(state_, *next_scope_);
    maker_ =
        std::make_unique<CorrectionMaker>(&state_, *pass_, std::nullopt, CorrectionMaker::Blocks());
    changes_ = std::exchange(next_changes_, {});
    next_scope_.reset();
  } else if (!jobs_.empty()) {
    StartJob();
  } else {
    return ShowProgress();
  }
  repriced_ = 0;
  progress_ = {.calls = pass_->calls, .done = 0};
  commit_calls_ = kCommitCallsFirst;
  ShowProgress();
}

absl::Status Repricing::Finish(Corrections made) {
  if (job_.has_value()) {
    return FinishJob(std::move(made));
  }
  Entry entry;
  entry.repricing = MarkOf(next_scope_.value_or(RepricingScope()));
  RETURN_IF_ERROR(Commit(std::move(made), std::move(entry)));
  pass_.reset();
  const std::vector<Change> finished = std::exchange(changes_, {});
  const int64_t repriced = repriced_;
  StartPass();
  for (const Change& change : finished) {
    RateChange result = change.result;
    result.repriced_calls = repriced;
    change.done(result);
  }
  return absl::OkStatus();
}

void Repricing::Fail(const absl::Status& status) {
  const absl::Status told(
      status.code(),
      absl::StrCat("The rates are in the book, but not all earlier calls are priced by them yet, "
                   "which goes on by itself. ",
                   status.message()));
  for (std::vector<Change>* changes : {&changes_, &next_changes_}) {
    for (const Change& change : std::exchange(*changes, {})) {
      change.done(told);
    }
  }
  FailJobs(status);
}

void Repricing::ShowProgress() {
  const WriterLock lock(state_.mutex);
  state_.repricing = is_busy() ? std::optional(progress_) : std::nullopt;
}

void Repricing::Invalidate() {
  is_outdated_ = is_making_;
}

// The next corrections are made while the last ones are committed.
absl::Status Repricing::Step() {
  if (!is_making_) {
    StartMaking();
    return absl::OkStatus();
  }
  Corrections made = TakeMade();
  // Retention may have dropped the hours meanwhile.
  const bool is_late =
      !made.blocks.empty() && made.blocks.first_hour() < state_.blocks.first_hour();
  if (std::exchange(is_outdated_, false) || is_late || !made.status.ok()) {
    maker_->Rewind(made.begin);
    return made.status;
  }
  commit_calls_ = std::min(2 * commit_calls_, kCommitCallsMax);
  if (made.is_last) {
    return Finish(std::move(made));
  }
  StartMaking();
  return Commit(std::move(made), Entry());
}

void Repricing::StartMaking() {
  is_making_ = true;
  is_made_ = false;
  const CorrectionMaker::Moment now{.block = state_.views.folded().block,
                                    .evictions = state_.views.runs().evictions()};
  helper_.Start([this, calls_max = commit_calls_, now] {
    made_ = maker_->Make(calls_max, now);
    is_made_ = true;
    wake_();
  });
}

Corrections Repricing::TakeMade() {
  helper_.Wait();
  is_making_ = false;
  return std::exchange(made_, Corrections());
}

absl::Status Repricing::Commit(Corrections made, Entry entry) {
  if (job_.has_value()) {
    AddTo(made, &entry);
  }
  const std::optional<RepricingJob> job = entry.job;
  const bool is_needed = made.is_last || !made.blocks.empty();
  const absl::Status status =
      is_needed ? made.blocks.Commit(&state_, std::move(entry)) : absl::OkStatus();
  if (!status.ok()) {
    if (is_making_) {
      TakeMade();
    }
    maker_->Rewind(made.begin);
    // They are made again, no more of them at once than before: verdicts depend on it.
    commit_calls_ = std::max(commit_calls_ / 2, kCommitCallsFirst);
    return status;
  }
  if (job_.has_value()) {
    job_->job = *job;
  }
  repriced_ += made.calls;
  progress_.done = std::min(progress_.done + made.seen, progress_.calls);
  ShowProgress();
  return absl::OkStatus();
}

}  // namespace itemized
