// SPDX-License-Identifier: Apache-2.0
// The jobs of Repricing: what somebody asked for, apart from changes of rates.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/maintenance/repricing.h"

namespace itemized {
namespace {

// How many jobs may wait.
constexpr size_t kJobsMax = 64;

}  // namespace

void Repricing::Start(const RepricingRequest& request, JobDone begun, JobDone done) {
  RepricingJob job;
  job.kind = request.rederive ? JobKind::kRederive : JobKind::kPrice;
  job.request = request;
  BeginJob(std::move(job), std::move(begun), std::move(done));
}

void Repricing::Undo(uint64_t id, JobDone begun, JobDone done) {
  const auto found = state_.jobs.find(id);
  if (found == state_.jobs.end()) {
    return begun(absl::NotFoundError(
        absl::StrCat("There is no repricing ", id, "; list them to see their numbers.")));
  }
  const RepricingJob& undone = found->second.job;
  if (!undone.is_done()) {
    return begun(absl::FailedPreconditionError(
        absl::StrCat("The repricing ", id, " is under way; undo it once it is done.")));
  }
  for (const auto& [other_id, other] : state_.jobs) {
    if (other.job.undoes == id) {
      return begun(absl::FailedPreconditionError(absl::StrCat(
          "The repricing ", id, " was undone by ", other_id, "; undo that one to have it again.")));
    }
  }
  RepricingJob job;
  job.kind = JobKind::kUndo;
  job.request = undone.request;
  job.request.rederive = false;
  job.undoes = id;
  BeginJob(std::move(job), std::move(begun), std::move(done));
}

void Repricing::BeginJob(RepricingJob job, JobDone begun, JobDone done) {
  if (jobs_.size() >= kJobsMax) {
    return begun(absl::ResourceExhaustedError(
        "Too many repricings wait for their turn; try again when some are done."));
  }
  Entry entry;
  job.begun_at_us = std::max<int64_t>(1, state_.trusted.NowUs());
  entry.job = job;
  const StagedRuns none(&state_.views.runs(), &state_.mutex);
  if (const absl::Status status = state_.Commit(&entry, none); !status.ok()) {
    return begun(status);
  }
  jobs_.push_back({.job = *entry.job, .done = std::move(done)});
  begun(*entry.job);
  if (!is_busy()) {
    StartPass();
  }
  if (is_abandoned_) {
    Abandon();
  }
}

// Takes up the jobs of the log that are not done, and what the log says of the one under way.
void Repricing::ResumeJobs() {
  for (const auto& [id, stored] : state_.jobs) {
    if (job_.has_value() && job_->job.id == id) {
      job_->job = stored.job;
      continue;
    }
    const bool is_known =
        std::any_of(jobs_.begin(), jobs_.end(),
                    [wanted = stored.job.id](const Job& job) { return job.job.id == wanted; });
    if (!is_known && !stored.job.is_done()) {
      jobs_.push_back({.job = stored.job, .done = [](const absl::StatusOr<RepricingJob>&) {}});
    }
  }
}

void Repricing::StartJob() {
  job_ = std::move(jobs_.front());
  jobs_.pop_front();
  const RepricingJob& job = job_->job;
  CorrectionMaker::Blocks undone;
  if (job.kind == JobKind::kUndo) {
    const std::vector<BlockRef>& blocks = state_.jobs.at(job.undoes).blocks;
    for (const BlockRef& block : blocks) {
      undone.insert(block.sequence);
    }
    pass_ = PlanUndo(state_, blocks);
  } else {
    pass_ = PlanRepricing(state_, {.from_us = job.request.range.start_us,
                                   .to_us = job.request.range.end_us,
                                   .all = true,
                                   .provider = job.request.provider,
                                   .model = job.request.model});
  }
  maker_ = std::make_unique<CorrectionMaker>(&state_, *pass_, job.kind, std::move(undone));
}

// Adds the job, as it is once `entry` with these corrections is committed.
void Repricing::AddTo(const Corrections& made, Entry* entry) const {
  RepricingJob& job = entry->job.emplace(job_->job);
  job.calls += made.calls;
  job.cost_before += made.cost_before;
  job.cost_after += made.cost_after;
  if (made.is_last) {
    job.ended_at_us = std::max<int64_t>(1, state_.trusted.NowUs());
  }
}

absl::Status Repricing::FinishJob(Corrections made) {
  RETURN_IF_ERROR(Commit(std::move(made), Entry()));
  CHECK(job_->job.is_done());
  pass_.reset();
  const Job finished = *std::exchange(job_, std::nullopt);
  StartPass();
  finished.done(finished.job);
  return absl::OkStatus();
}

void Repricing::FailJobs(const absl::Status& status) {
  const auto fail = [&](Job* job) {
    const absl::Status told(
        status.code(), absl::StrCat("The repricing ", job->job.id,
                                    " is not done yet, and goes on by itself. ", status.message()));
    std::exchange(job->done, [](const absl::StatusOr<RepricingJob>&) {})(told);
  };
  if (job_.has_value()) {
    fail(&*job_);
  }
  for (Job& job : jobs_) {
    fail(&job);
  }
}

}  // namespace itemized
