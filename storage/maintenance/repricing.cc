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
constexpr size_t kCommitHoursMax = 256;  // Each hour has a block of its own.

// How many calls one step looks at, since most may cost what they did.
constexpr size_t kSeenCallsMax = 16'384;

// How many calls and hours are read together. This bounds memory, but for an hour with more calls.
constexpr int64_t kPortionCalls = 16'384;
constexpr size_t kPortionHours = 4'096;

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
  if (is_reading_) {
    reader_.Wait();
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
  next_hour_ = 0;
  portion_ = Portion();
  pending_begin_ = portion_begin_ = 0;
  ShowProgress();
}

absl::Status Repricing::FinishPass() {
  if (job_.has_value()) {
    return FinishJob();
  }
  Entry entry;
  entry.repricing = MarkOf(next_scope_.value_or(RepricingScope()));
  RETURN_IF_ERROR(CommitPending(std::move(entry)));
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

// Makes what was read, and what was to be written, anew: it may name calls that are gone.
void Repricing::Invalidate() {
  if (!is_busy()) {
    return;
  }
  if (is_reading_) {
    is_outdated_ = true;
  } else {
    Rewind();
  }
}

void Repricing::Rewind() {
  next_hour_ = pending_begin_;
  progress_.done = std::max<int64_t>(0, progress_.done - pending_seen_);
  pending_.clear();
  pending_figures_ = {};
  pending_calls_ = 0;
  pending_seen_ = 0;
  portion_ = Portion();
}

absl::Status Repricing::Step() {
  if (is_reading_) {
    return TakePortion();
  }
  if (portion_.next < portion_.rows.size()) {
    return RepriceSome();
  }
  if (next_hour_ < pass_->hours.size()) {
    StartReading();
    return absl::OkStatus();
  }
  return FinishPass();
}

void Repricing::StartReading() {
  portion_ = Portion();
  portion_begin_ = next_hour_;
  if (pending_.empty()) {
    pending_begin_ = next_hour_;
  }
  int64_t calls = 0;
  while (next_hour_ < pass_->hours.size() && calls < kPortionCalls &&
         next_hour_ - portion_begin_ < kPortionHours) {
    calls += pass_->hours[next_hour_++].second;
  }
  is_reading_ = true;
  is_read_ = false;
  reader_.Start(
      [this, from = portion_begin_, to = next_hour_, up_to = state_.views.folded().block] {
        Read(from, to, up_to);
        is_read_ = true;
        wake_();
      });
}

void Repricing::Read(size_t from, size_t to, BlockSequence up_to) {
  for (size_t i = from; i < to && portion_.status.ok(); ++i) {
    const Hour hour = pass_->hours[i].first;
    absl::StatusOr<std::optional<BlockStore::Reader>> reader = std::nullopt;
    {
      const ReaderLock lock(state_.mutex);
      if (hour >= state_.blocks.first_hour()) {  // Retention may have dropped it meanwhile.
        reader = state_.blocks.OpenHours(hour, hour + 1, up_to, kAllColumns);
      }
    }
    portion_.status = reader.status();
    while (portion_.status.ok() && reader->has_value()) {
      absl::StatusOr<std::optional<Block>> block = (*reader)->Next();
      portion_.status = block.status();
      if (!block.ok() || !block->has_value()) {
        break;
      }
      portion_.blocks.push_back(**std::move(block));
    }
  }
  if (portion_.status.ok()) {
    portion_.rows = NetRows(portion_.blocks);
  }
  if (IsOf(JobKind::kRederive)) {
    ReadReports();
  }
}

void Repricing::ReadReports() {
  for (const RowRef& ref : portion_.rows) {
    const CallRows& calls = portion_.blocks[ref.block].calls;
    absl::StatusOr<RowUsage> usage =
        IsConcerned(calls, ref.row) ? ReadUsageAgain(calls, ref.row) : calls.RowUsageAt(ref.row);
    if (!usage.ok()) {
      portion_.status = usage.status();
      return;
    }
    portion_.usage.push_back(*std::move(usage));
  }
}

absl::Status Repricing::TakePortion() {
  reader_.Wait();
  is_reading_ = false;
  const absl::Status status = portion_.status;
  if (std::exchange(is_outdated_, false) || !status.ok()) {
    Rewind();
  }
  return status;
}

bool Repricing::is_commit_due() const {
  return pending_calls_ >= commit_calls_ || pending_.size() >= kCommitHoursMax;
}

absl::Status Repricing::RepriceSome() {
  Pricer pricer(&state_.rates, state_.catalog, state_.trusted_costs);
  size_t seen = 0;
  while (portion_.next < portion_.rows.size() && !is_commit_due() && seen < kSeenCallsMax) {
    LookAt(portion_.next++, &pricer);
    ++seen;
  }
  progress_.done = std::min(progress_.done, progress_.calls);
  if (is_commit_due()) {
    commit_calls_ = std::min(2 * commit_calls_, kCommitCallsMax);
    RETURN_IF_ERROR(CommitPending(Entry()));
  }
  ShowProgress();
  return absl::OkStatus();
}

// Looks at one of the rows of the portion.
void Repricing::LookAt(size_t row, Pricer* pricer) {
  const RowRef& ref = portion_.rows[row];
  const Block& block = portion_.blocks[ref.block];
  if (!IsConcerned(block.calls, ref.row)) {
    return;
  }
  ++progress_.done;
  ++pending_seen_;
  if (block.ref.hour < state_.blocks.first_hour()) {
    return;  // Retention has dropped it meanwhile.
  }
  const RowUsage before = block.calls.RowUsageAt(ref.row);
  const RowUsage& usage = portion_.usage.empty() ? before : portion_.usage[row];
  if (IsOf(JobKind::kRederive) && usage == before) {
    return;  // It is not asked what it costs.
  }
  if (IsOf(JobKind::kUndo) ? UndoRow(ref) : RepriceRow(ref, usage, pricer)) {
    ++pending_calls_;
  }
}

bool Repricing::IsConcerned(const CallRows& calls, size_t row) const {
  const SeriesId series = calls.SeriesAt(row);
  // Series that came later were priced by the new book from the first.
  if (series.value() >= pass_->covered.size()) {
    return false;
  }
  const absl::string_view other_model = calls.OtherModelAt(row);
  const bool is_meant = other_model.empty()
                            ? pass_->covered[series.value()]
                            : pass_->model.value_or(std::string(other_model)) == other_model;
  if (!is_meant) {
    return false;
  }
  const int64_t time_us = calls.time_us[row];
  const bool is_unpriced = calls.Has(row, kFlagUnpriced);
  return time_us < pass_->to_us &&
         (time_us >= pass_->from_us || (is_unpriced && time_us >= pass_->unpriced_from_us));
}

bool Repricing::RepriceRow(const RowRef& ref, const RowUsage& usage, Pricer* pricer) {
  const Block& block = portion_.blocks[ref.block];
  const CallCost before = block.calls.CostAt(ref.row);
  const CallCost after = pricer->PriceRow(block.calls, ref.row, usage);
  if (!PriceAgain(state_, usage, after, block, ref.row, &pending_)) {
    return false;
  }
  CountForJob(before, after);
  return true;
}

absl::Status Repricing::CommitPending(Entry entry) {
  if (job_.has_value()) {
    AddTo(&entry);
  }
  const std::optional<RepricingJob> job = entry.job;
  const absl::Status status = pending_.Commit(&state_, std::move(entry));
  if (!status.ok()) {
    Rewind();
    return status;
  }
  if (job_.has_value()) {
    job_->job = *job;
  }
  pending_figures_ = {};
  repriced_ += static_cast<int64_t>(std::exchange(pending_calls_, 0));
  pending_seen_ = 0;
  pending_begin_ = portion_begin_;
  return absl::OkStatus();
}

}  // namespace itemized
