// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/database: the door to all of storage. May use base, model, pricing, store, query,
// maintenance and ingest.

// The whole database, without a socket. An example:
//
//   ASSIGN_OR_RETURN(auto db, Database::Open({.directory = "data"}));
//   ASSIGN_OR_RETURN(BatchResult result, db->Write(MakeBatch({call})));
//   ASSIGN_OR_RETURN(TopAnswer top, db->Top({.window = Window::Last(30 * kMicrosPerDay)}));

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/cancellation.h"
#include "storage/maintenance/reports.h"
#include "storage/model/call.h"
#include "storage/model/event_batch.h"
#include "storage/model/submission.h"
#include "storage/pricing/rate.h"
#include "storage/pricing/rate_change.h"
#include "storage/pricing/repricing_job.h"
#include "storage/query/advise_types.h"
#include "storage/query/compare_types.h"
#include "storage/query/new_outliers.h"
#include "storage/query/query_types.h"
#include "storage/query/wasted_types.h"
#include "storage/query/what_if.h"
#include "storage/store/database_options.h"

namespace itemized {

// Thread-safe. Answers reflect every batch that was acknowledged before the question.
class Database {
 public:
  // Errors: FAILED_PRECONDITION if another process has the directory open or a
  // newer version wrote it; DATA_LOSS if files are damaged; UNAVAILABLE if
  // they cannot be read.
  static absl::StatusOr<std::unique_ptr<Database>> Open(DatabaseOptions options);

  // Commits what is pending, writes the views and closes the store.
  ~Database();

  // Queues `submission` for the next group commit. `done` is called once from
  // another thread and must not block: with the result after all is on disk and
  // visible, or with UNAVAILABLE if it could not be written, or
  // RESOURCE_EXHAUSTED if too much is pending. With a position also:
  // FAILED_PRECONDITION if the producer's session has ended, OUT_OF_RANGE after a
  // gap in its sequence, ALREADY_EXISTS if that sequence had other content. A
  // batch that the producer sent before is answered as duplicate.
  void Submit(Submission submission, SubmitDone done);

  // Submits one batch, and waits.
  absl::StatusOr<BatchResult> Write(EventBatch batch);

  // Begins a session of a producer, which ends its earlier ones. It lasts as long as the lease that
  // `done` is handed. `done` is called once from another thread and must not block.
  // FAILED_PRECONDITION if a higher epoch of the producer has begun, DATA_LOSS or UNAVAILABLE if
  // what is known of it cannot be read.
  using BeginDone = std::function<void(absl::StatusOr<ProducerSession>)>;
  void BeginSession(const ProducerHello& hello, BeginDone done);

  // Returns the notes whose keys begin with `prefix`, by key. Errors: DATA_LOSS, UNAVAILABLE.
  absl::StatusOr<std::vector<Note>> ReadNotes(absl::string_view prefix) const;

  // Puts notes in place and drops those of the other keys, in one entry of the log, and waits until
  // that is on disk. UNAVAILABLE, and nothing has changed, if it could not be written; but if nobody
  // can tell whether it was, the notes may still turn up.
  absl::Status WriteNotes(std::vector<Note> notes, std::vector<std::string> dropped);

  // Has `listener`, which outlives the database or the next call of this, told of every call that
  // becomes an outlier from now on; null: nobody is.
  void ListenToOutliers(OutlierListener* listener);

  // Takes calls out of the bill: every view is as if they had never come, but they stay known, so
  // that a re-delivery is a duplicate. Returns how many were taken out; calls that are unknown or
  // were retracted before are skipped.
  absl::StatusOr<int64_t> Retract(std::vector<CallId> ids);

  // Puts rates into the book, all or none, and prices those of the earlier calls again that `which`
  // names: calls that come from now on have the new price at once, earlier ones by and by, between
  // commits, as Repricing tells. `done` is called once all have it, from another thread or this
  // one, and must not block. Two errors leave everything as it was: INVALID_ARGUMENT, which names
  // the rate and what to mend, and RESOURCE_EXHAUSTED, if too many changes wait. UNAVAILABLE may
  // come later, if the disk is full or the database closes: the rates are in the book then, and the
  // calls are priced once the disk has room or the database is open again.
  using RatesDone = std::function<void(absl::StatusOr<RateChange>)>;
  void SetRates(std::vector<Rate> rates, Reprice which, RatesDone done);
  // Takes rates out of the book, all or none; calls that they priced and that are priced again have
  // the price of what remains, or none. `done` and errors are those of SetRates; NOT_FOUND names a
  // rate that is not there.
  void RemoveRates(std::vector<RateName> names, Reprice which, RatesDone done);
  // Makes `rates` the bundled ones of the book, in place of those that an earlier release left
  // there; rates that users set stay, and win. `done` and errors are those of SetRates.
  void SetBundledRates(std::vector<Rate> rates, Reprice which, RatesDone done);
  // Set or remove rates in the same way, and wait until the calls have their price.
  absl::StatusOr<RateChange> SetBundledRates(std::vector<Rate> rates,
                                             Reprice which = Reprice::kAll);
  absl::StatusOr<RateChange> SetRates(std::vector<Rate> rates, Reprice which = Reprice::kAll);
  absl::StatusOr<RateChange> RemoveRates(std::vector<RateName> names,
                                         Reprice which = Reprice::kAll);

  // Begins a job that gives calls the price that the book says, which goes on between commits and
  // over restarts. `begun` is called with it, or with an error if it could not begin; then `done`,
  // once it is at its end, or with UNAVAILABLE if the disk is full or the database closes: the job
  // goes on later. Both may be called from another thread and must not block.
  using JobDone = std::function<void(absl::StatusOr<RepricingJob>)>;
  void StartRepricing(const RepricingRequest& request, JobDone begun, JobDone done);
  // Begins a job that takes back what another one has changed, but for calls that were changed
  // again since. Errors are also NOT_FOUND, and FAILED_PRECONDITION if that job is not done, or
  // undone already.
  void UndoRepricing(uint64_t id, JobDone begun, JobDone done);
  // Begin a job in the same way, and wait for its end.
  absl::StatusOr<RepricingJob> RepriceCalls(const RepricingRequest& request);
  absl::StatusOr<RepricingJob> UndoRepricing(uint64_t id);
  // All jobs, the newest first.
  std::vector<RepricingJob> ListRepricings() const;
  // Returns what StartRepricing would change. Errors are those of the questions below.
  absl::StatusOr<RepricingPreview> PreviewRepricing(
      const RepricingRequest& request, const Cancellation* cancellation = nullptr) const;
  // How far pricing again has come; none if no calls are being priced again. Whoever
  // asks a question should read this first: the answer may be made of old and new prices.
  std::optional<RepricingProgress> Repricing() const;
  // Waits until no calls are being priced again. UNAVAILABLE as of SetRates.
  absl::Status WaitUntilRepriced();
  // Answers all who wait for calls to be priced again with UNAVAILABLE, now and from now on. A
  // server calls it before it closes the database, so that nobody is left waiting.
  void AbandonRateChanges();
  // The rate book.
  std::vector<Rate> ListRates() const;
  // Rates that were in the book earlier, the latest to end first. DATA_LOSS or UNAVAILABLE if they
  // cannot be read.
  absl::StatusOr<std::vector<EndedRate>> ListEndedRates() const;
  // Models with calls that no rate covers, by falling number of such calls.
  std::vector<UnpricedModel> ListUnpriced() const;

  // The questions. Errors are INVALID_ARGUMENT for an empty or reversed range, or one that is no
  // longer kept; DATA_LOSS or UNAVAILABLE if the log cannot be read; and that of `cancellation`,
  // which outlives the call, some milliseconds after it has one. A question that is asked as of an
  // earlier instant (Window::as_known_at_us) reads the log up to it, which takes about a second for
  // a million calls; the next one as of the same instant is answered at once.
  absl::StatusOr<TopAnswer> Top(const TopQuery& query,
                                const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<WorkflowsAnswer> Workflows(const Window& window,
                                            const Cancellation* cancellation = nullptr) const;
  // NOT_FOUND if there is no such run.
  absl::StatusOr<RunAnswer> GetRun(const RunQuery& query,
                                   const Cancellation* cancellation = nullptr) const;
  // Returns the run with all of its calls.
  absl::StatusOr<RunAnswer> GetRun(absl::string_view workflow_id,
                                   const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<SeriesAnswer> Series(const SeriesQuery& query,
                                      const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<OutliersAnswer> Outliers(const OutliersQuery& query,
                                          const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<DistributionAnswer> Distribution(const DistributionQuery& query,
                                                  const Cancellation* cancellation = nullptr) const;
  // Reads the log of the window, and again for each change that it looks into.
  absl::StatusOr<AdviseAnswer> Advise(const AdviseQuery& query,
                                      const Cancellation* cancellation = nullptr) const;
  // Filters by attribute read the log.
  absl::StatusOr<CompareAnswer> Compare(const CompareQuery& query,
                                        const Cancellation* cancellation = nullptr) const;
  // Reads the log of the window.
  absl::StatusOr<WastedAnswer> Wasted(const WastedQuery& query,
                                      const Cancellation* cancellation = nullptr) const;
  // INVALID_ARGUMENT also for changes that cannot be made.
  absl::StatusOr<WhatIfAnswer> WhatIf(const WhatIfQuery& query,
                                      const Cancellation* cancellation = nullptr) const;

  // NOT_FOUND if there is no such call, or it is no longer kept. Without a run, the whole log is
  // read.
  absl::StatusOr<ExplainAnswer> Explain(const ExplainQuery& query,
                                        const Cancellation* cancellation = nullptr) const;
  // Reads the log of the window.
  absl::StatusOr<MissingRatesAnswer> MissingRates(const Window& window,
                                                  const Cancellation* cancellation = nullptr) const;

  // Returns what the next call of `step` will be compared with.
  Threshold ThresholdOf(absl::string_view step) const;

  DatabaseInfo Info() const;

  // Writes the views to disk now. UNAVAILABLE if they cannot be written.
  absl::Status Checkpoint();

  // Reads every file and block with its checksum, folds the whole log again and
  // compares every persisted row of a view byte for byte. Writing and asking go on
  // meanwhile. UNAVAILABLE if something cannot be read.
  absl::StatusOr<VerifyReport> Verify() const;
  // Does what Verify does; DATA_LOSS, which names the first difference, if there is one.
  absl::Status VerifyViews() const;
  // Reads every file with its checksum, without folding the log. DATA_LOSS if one does not fit.
  absl::Status VerifyChecksums() const;

  // Makes a copy that a database can be opened on, and proves that it can. Writing
  // goes on meanwhile. `directory` is absolute and must not exist. Errors:
  // INVALID_ARGUMENT, UNAVAILABLE, DATA_LOSS; then nothing is left behind.
  absl::StatusOr<BackupReport> Backup(const std::string& directory) const;

 private:
  class Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace itemized
