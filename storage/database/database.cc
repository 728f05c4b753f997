// SPDX-License-Identifier: Apache-2.0
#include "storage/database/database.h"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/database/database_impl.h"
#include "storage/maintenance/backup.h"
#include "storage/maintenance/retraction.h"
#include "storage/maintenance/verify.h"
#include "storage/query/queries.h"
#include "storage/store/entry_rows.h"
#include "storage/store/state.h"

namespace itemized {
namespace {

constexpr int64_t kRetainRollupsMinUs = (kBaselineDays + 1) * kMicrosPerDay;

}  // namespace

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

absl::StatusOr<std::vector<Note>> Database::ReadNotes(absl::string_view prefix) const {
  std::vector<Note> notes;
  auto rows = impl_->state().kv->Scan(Family::kNotes, prefix, keys::Past(prefix));
  for (; rows->Valid(); rows->Next()) {
    ASSIGN_OR_RETURN(notes.emplace_back(), ReadNoteRow(rows->key(), rows->value()));
  }
  RETURN_IF_ERROR(rows->status());
  return notes;
}

absl::StatusOr<int64_t> Database::Retract(std::vector<CallId> ids) {
  return impl_->RunThere([&](State& state) {
    impl_->committer().repricing().Invalidate();
    return RetractCalls(&state, ids);
  });
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

absl::StatusOr<AdviseAnswer> Database::Advise(const AdviseQuery& query,
                                              const Cancellation* cancellation) const {
  return impl_->Ask(AnswerAdvise, query, query.window.as_known_at_us, cancellation);
}

absl::StatusOr<CompareAnswer> Database::Compare(const CompareQuery& query,
                                                const Cancellation* cancellation) const {
  return impl_->Ask(AnswerCompare, query, query.before.window.as_known_at_us, cancellation);
}

absl::StatusOr<WastedAnswer> Database::Wasted(const WastedQuery& query,
                                              const Cancellation* cancellation) const {
  return impl_->Ask(AnswerWasted, query, query.window.as_known_at_us, cancellation);
}

absl::StatusOr<WhatIfAnswer> Database::WhatIf(const WhatIfQuery& query,
                                              const Cancellation* cancellation) const {
  return impl_->Ask(AnswerWhatIf, query, query.window.as_known_at_us, cancellation);
}

absl::StatusOr<ExplainAnswer> Database::Explain(const ExplainQuery& query,
                                                const Cancellation* cancellation) const {
  return impl_->Ask(AnswerExplain, query, query.as_known_at_us, cancellation);
}

absl::StatusOr<MissingRatesAnswer> Database::MissingRates(const Window& window,
                                                          const Cancellation* cancellation) const {
  return impl_->Ask(AnswerMissingRates, window, window.as_known_at_us, cancellation);
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
          .repricing = state.repricing,
          .bundled = state.rates.book()->bundled()};
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
