// SPDX-License-Identifier: Apache-2.0
#include "storage/database/database.h"

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/ingest/committer.h"
#include "storage/maintenance/backup.h"
#include "storage/maintenance/retraction.h"
#include "storage/maintenance/verify.h"
#include "storage/query/past_bills.h"
#include "storage/query/queries.h"
#include "storage/store/entry_rows.h"
#include "storage/store/state.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

constexpr int64_t kRetainRollupsMinUs = (kBaselineDays + 1) * kMicrosPerDay;

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

}  // namespace

class Database::Impl {
 public:
  Impl(std::unique_ptr<State> state, const DatabaseOptions& options)
      : state_(std::move(state)),
        context_(state_.get()),
        past_([this] { return BeginReplay(); }),
        committer_(state_.get(), options, [this] { past_.DropIdle(state_->clock->NowUs()); }) {}

  const State& state() const { return *state_; }

  // Asks `question` of the bill as it was known at that instant, or as it is if there is none.
  template <typename Answerer, typename Question>
  auto Ask(Answerer answer, const Question& question, std::optional<int64_t> as_known_at_us,
           const Cancellation* cancellation)
      -> decltype(answer(std::declval<QueryContext&>(), question, cancellation)) {
    if (!as_known_at_us.has_value()) {
      return answer(context_, question, cancellation);
    }
    ASSIGN_OR_RETURN(const std::shared_ptr<const PastBill> past,
                     past_.Get(*as_known_at_us, state_->trusted.NowUs(), cancellation));
    return answer(past->context(), question, cancellation);
  }
  Committer& committer() { return committer_; }

  // Runs `function` on the committer's thread and returns its result.
  template <typename Function>
  auto RunThere(Function function) {
    std::optional<decltype(function(*state_))> result;
    committer_.Execute([&](State& state) { result = function(state); });
    return *std::move(result);
  }

 private:
  std::unique_ptr<LogReplay> BeginReplay() {
    return RunThere([](const State& state) { return std::make_unique<LogReplay>(state); });
  }

  std::unique_ptr<State> state_;
  QueryContext context_;
  PastBills past_;
  Committer committer_;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(DatabaseOptions options) {
  if (options.retain_rollups_us != 0 &&
      (options.retain_events_us == 0 || options.retain_rollups_us < options.retain_events_us ||
       options.retain_rollups_us < kRetainRollupsMinUs)) {
    return absl::InvalidArgumentError(
        "Rollups are kept at least as long as events, and 31 days at least; drop events too, or "
        "keep rollups for longer.");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Kv> kv, options.open_kv(options.directory));
  ASSIGN_OR_RETURN(std::unique_ptr<State> state, State::Open(std::move(kv), options));
  auto impl = std::make_unique<Impl>(std::move(state), options);
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

void Database::Submit(Submission submission, SubmitDone done) {
  impl_->committer().Submit(std::move(submission), std::move(done));
}

absl::StatusOr<BatchResult> Database::Write(EventBatch batch) {
  std::promise<absl::StatusOr<SubmissionResult>> promise;
  Submission submission;
  submission.parts.push_back(std::move(batch));
  Submit(std::move(submission),
         [&](absl::StatusOr<SubmissionResult> result) { promise.set_value(std::move(result)); });
  ASSIGN_OR_RETURN(SubmissionResult result, promise.get_future().get());
  return std::move(result.front());
}

void Database::BeginSession(const ProducerHello& hello, BeginDone done) {
  impl_->committer().Post(
      [hello, done = std::move(done)](State& state) { done(state.producers.Begin(hello)); });
}

absl::StatusOr<int64_t> Database::Retract(std::vector<CallId> ids) {
  return impl_->RunThere([&](State& state) {
    impl_->committer().repricing().Invalidate();
    return RetractCalls(&state, ids);
  });
}

void Database::SetRates(std::vector<Rate> rates, Reprice which, RatesDone done) {
  absl::StatusOr<std::vector<CheckedRatePtr>> checked =
      CheckRates(std::move(rates), impl_->state().trusted.NowUs());
  if (!checked.ok()) {
    return done(checked.status());
  }
  Committer& committer = impl_->committer();
  committer.Post([&committer, rates = *std::move(checked), which, done = std::move(done)](State&) {
    committer.repricing().Set(rates, which, done);
  });
}

void Database::SetBundledRates(std::vector<Rate> rates, Reprice which, RatesDone done) {
  for (Rate& rate : rates) {
    rate.origin = RateOrigin::kBundled;
  }
  absl::StatusOr<std::vector<CheckedRatePtr>> checked =
      CheckRates(std::move(rates), impl_->state().trusted.NowUs());
  if (!checked.ok()) {
    return done(checked.status());
  }
  Committer& committer = impl_->committer();
  committer.Post([&committer, rates = *std::move(checked), which, done = std::move(done)](State&) {
    committer.repricing().SetBundled(rates, which, done);
  });
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
  const State& state = impl_->state();
  const ReaderLock lock(state.mutex);
  std::map<std::pair<NameId, NameId>, int64_t> counts;
  ForEachDay(state.views.rollups(), RollupScan(), [&](NameId, Day, const NameDay& row) {
    for (const auto& [id, sums] : row.series) {
      const SeriesKey& key = state.catalog.Series(id);
      counts[{key[NameKind::kProvider], key[NameKind::kModel]}] +=
          sums.unpriced_calls - sums.usage_missing_calls;
    }
  });
  std::vector<UnpricedModel> models;
  for (const auto& [key, calls] : counts) {
    if (calls > 0) {
      models.push_back({.provider = state.catalog.Name(NameKind::kProvider, key.first),
                        .model = state.catalog.Name(NameKind::kModel, key.second),
                        .calls = calls});
    }
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const auto& a, const auto& b) { return a.calls > b.calls; });
  return models;
}

absl::StatusOr<TopAnswer> Database::Top(const TopQuery& query,
                                        const Cancellation* cancellation) const {
  return impl_->Ask(AnswerTop, query, query.window.as_known_at_us, cancellation);
}

absl::StatusOr<WorkflowsAnswer> Database::Workflows(const Window& window,
                                                    const Cancellation* cancellation) const {
  return impl_->Ask(AnswerWorkflows, window, window.as_known_at_us, cancellation);
}

absl::StatusOr<RunAnswer> Database::GetRun(const RunQuery& query,
                                           const Cancellation* cancellation) const {
  return impl_->Ask(AnswerRun, query, query.as_known_at_us, cancellation);
}

absl::StatusOr<RunAnswer> Database::GetRun(absl::string_view workflow_id,
                                           const Cancellation* cancellation) const {
  return GetRun(RunQuery{.workflow_id = std::string(workflow_id)}, cancellation);
}

absl::StatusOr<SeriesAnswer> Database::Series(const SeriesQuery& query,
                                              const Cancellation* cancellation) const {
  return impl_->Ask(AnswerSeries, query, query.window.as_known_at_us, cancellation);
}

absl::StatusOr<OutliersAnswer> Database::Outliers(const OutliersQuery& query,
                                                  const Cancellation* cancellation) const {
  return impl_->Ask(AnswerOutliers, query, query.window.as_known_at_us, cancellation);
}

absl::StatusOr<DistributionAnswer> Database::Distribution(const DistributionQuery& query,
                                                          const Cancellation* cancellation) const {
  return impl_->Ask(AnswerDistribution, query, query.window.as_known_at_us, cancellation);
}

Threshold Database::ThresholdOf(absl::string_view step) const {
  const State& state = impl_->state();
  const ReaderLock lock(state.mutex);
  return state.views.baselines().ThresholdOf(state.catalog.Find(NameKind::kStep, step));
}

DatabaseInfo Database::Info() const {
  const State& state = impl_->state();
  const ReaderLock lock(state.mutex);
  const CallSums& total = state.views.rollups().total();
  return {.schema_version = kSchemaVersion,
          .calls = total.calls,
          .unpriced_calls = total.unpriced_calls,
          .usage_missing_calls = total.usage_missing_calls,
          .cost = total.cost,
          .ingested = impl_->committer().ingested(),
          .runs = state.views.runs().outcomes().runs(),
          .last_block = state.views.folded().block,
          .checkpointed_block = state.views.checkpointed().block,
          .events_kept_from_us = HourStartUs(state.blocks.first_hour()),
          .rollups_kept_from_us = HourStartUs(state.views.first_hour()),
          .is_dropping = state.blocks.is_dropping(),
          .repricing = state.repricing};
}

absl::Status Database::Checkpoint() {
  return impl_->RunThere([&](State&) { return impl_->committer().checkpointer().WriteAll(); });
}

absl::StatusOr<VerifyReport> Database::Verify() const {
  using SnapshotPtr = std::unique_ptr<VerifySnapshot>;
  ASSIGN_OR_RETURN(SnapshotPtr snapshot,
                   impl_->RunThere([&](State& state) -> absl::StatusOr<SnapshotPtr> {
                     if (state.is_behind()) {
                       return absl::UnavailableError(
                           "It is not known yet what became of the last write; verify again in a "
                           "moment.");
                     }
                     RETURN_IF_ERROR(impl_->committer().checkpointer().WriteAll());
                     return std::make_unique<VerifySnapshot>(state);
                   }));
  return std::move(*snapshot).Verify();
}

absl::Status Database::VerifyViews() const {
  ASSIGN_OR_RETURN(const VerifyReport report, Verify());
  return report.differences == 0 ? absl::OkStatus() : absl::DataLossError(report.examples.front());
}

absl::Status Database::VerifyChecksums() const {
  return impl_->state().kv->VerifyChecksums();
}

absl::StatusOr<BackupReport> Database::Backup(const std::string& directory) const {
  RETURN_IF_ERROR(CheckBackupDirectory(directory));
  const std::string partial = absl::StrCat(directory, kPartialSuffix);
  BackupContents expected;
  RETURN_IF_ERROR(impl_->RunThere([&](State& state) -> absl::Status {
    RETURN_IF_ERROR(impl_->committer().checkpointer().WriteAll());
    expected = ContentsOf(state);
    return state.kv->CopyTo(partial);
  }));
  return FinishBackup(partial, directory, expected);
}

}  // namespace itemized
