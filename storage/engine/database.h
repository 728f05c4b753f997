// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole database, without a socket.
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
#include "storage/base/time.h"
#include "storage/engine/query_types.h"
#include "storage/engine/trusted_clock.h"
#include "storage/kv/rocks_kv.h"
#include "storage/model/event_batch.h"
#include "storage/model/submission.h"
#include "storage/pricing/rate.h"

namespace itemized {

struct DatabaseOptions {
  std::string directory;  // Created if missing.
  // Opens the store in a directory.
  std::function<absl::StatusOr<std::unique_ptr<Kv>>(const std::string&)> open_kv =
      [](const std::string& path) { return OpenRocksKv(path); };
  const Clock* clock = Clock::System();  // Not owned.
  // What tells a jump of the clock from time that goes by.
  SteadyMicros steady = SystemSteadyMicros;
  // The clock is right, though it is far ahead of what the store was left at.
  bool accept_clock = false;
  // Handed sentences for whoever runs the database. From another thread; must not block.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  // Events that may wait for their commit; Submit refuses beyond it.
  size_t pending_events_max = 200'000;
  // Views are written to disk this often, and when the database closes.
  int64_t checkpoint_interval_us = 5 * kMicrosPerSecond;
  // Rows of a checkpoint from which tables of their own are cheaper than the
  // write-ahead log and a memtable.
  size_t table_rows_min = 4'096;
  // How long single calls and completions are kept, microseconds; 0: for ever. Older
  // ones are refused, and dropped by whole UTC days. Rollups stay.
  int64_t retain_events_us = 0;
  // The same for rollups, which answers are made of; at least as long. 31 days at
  // least: outliers are measured against 30. What is older is as if it had never been.
  int64_t retain_rollups_us = 0;
  // Of the disk, what is left to the views and to RocksDB: while less is free, events
  // and corrections are refused with UNAVAILABLE. Answers go on, and so does
  // ingestion as soon as there is room. 0: nothing is kept free.
  int64_t free_bytes_min = int64_t{256} << 20;
  // Runs kept in memory; others are read from disk when needed.
  size_t resident_runs_max = 200'000;
};

// Names one stored call.
struct CallId {
  std::string workflow_id;
  std::string event_id;
};

struct VerifyReport;  // storage/engine/verify.h

struct BackupReport {
  int64_t calls = 0;
  Picos cost = 0;
  int64_t bytes = 0;  // Of its files; tables may be shared with the store.
};

// Names one rate of the book.
struct RateName {
  std::string provider;  // Empty: any.
  ModelMatch match;
  int64_t effective_from_us = 0;
};

struct RateChange {
  int64_t added = 0;
  int64_t replaced = 0;
  int64_t removed = 0;
  // Earlier calls whose cost changed; of all changes of the book that came at about the same
  // time.
  int64_t repriced_calls = 0;
};

// Thread-safe. Answers reflect every batch that was acknowledged before.
class Database {
 public:
  // Errors: FAILED_PRECONDITION if another process has the directory open or a
  // newer version wrote it; DATA_LOSS if files are damaged; UNAVAILABLE if
  // they cannot be read.
  static absl::StatusOr<std::unique_ptr<Database>> Open(DatabaseOptions options);

  // Commits what is pending, writes the views, closes.
  ~Database();

  // Queues `submission` for the next group commit. `done` is called once from
  // another thread and must not block: with the result after all is on disk and
  // visible, or with UNAVAILABLE if it could not be written, or
  // RESOURCE_EXHAUSTED if too much is pending. With a position also:
  // FAILED_PRECONDITION if the producer's session has ended, OUT_OF_RANGE after a
  // gap in its sequence, ALREADY_EXISTS if that sequence had other content. A
  // batch that the producer sent before is answered as duplicate.
  using SubmitDone = std::function<void(absl::StatusOr<SubmissionResult>)>;
  void Submit(Submission submission, SubmitDone done);

  // Submits one batch, and waits.
  absl::StatusOr<BatchResult> Write(EventBatch batch);

  // Begins a session of a producer, which ends its earlier ones. It lasts as long as the lease
  // that `done` is handed. `done` as above; FAILED_PRECONDITION if a higher epoch of it has
  // begun, DATA_LOSS or UNAVAILABLE if what is known of it cannot be read.
  using BeginDone = std::function<void(absl::StatusOr<ProducerSession>)>;
  void BeginSession(const ProducerHello& hello, BeginDone done);

  // Takes calls out of the bill: every view is as if they had never come, but
  // they stay known, so that a re-delivery is a duplicate. Returns how many
  // were found; unknown and already retracted ones are skipped.
  absl::StatusOr<int64_t> Retract(std::vector<CallId> ids);

  // Puts rates into the book, all or none, and prices earlier calls again: those that come
  // from now on have the new price at once, earlier ones by and by, between commits, as
  // Repricing tells. `done` is called once all have it, from another thread or this one, and
  // must not block. INVALID_ARGUMENT names the rate and what to mend, RESOURCE_EXHAUSTED says
  // that too many changes wait; nothing has changed then. UNAVAILABLE may come later, if the
  // disk is full or the database closes: the rates are in the book then, and the calls are
  // priced when that goes again.
  using RatesDone = std::function<void(absl::StatusOr<RateChange>)>;
  void SetRates(std::vector<Rate> rates, RatesDone done);
  // Takes rates out of the book, all or none; calls that they priced have the price of what
  // remains, or none. Errors as above; NOT_FOUND names the rate that is not there.
  void RemoveRates(std::vector<RateName> names, RatesDone done);
  // The same; these wait.
  absl::StatusOr<RateChange> SetRates(std::vector<Rate> rates);
  absl::StatusOr<RateChange> RemoveRates(std::vector<RateName> names);
  // None if all calls have the price that the book says. To be asked before a question, whose
  // answer may else have been made of two prices without a word.
  std::optional<RepricingProgress> Repricing() const;
  // Waits until that is so. Errors as those of SetRates that come later.
  absl::Status WaitUntilRepriced();
  // Answers all who wait for calls to be priced again with UNAVAILABLE, from now on at once:
  // before the database is closed, what has to be answered by then.
  void AbandonRateChanges();
  std::vector<Rate> ListRates() const;
  // Models with calls that no rate covers, by falling number of them.
  std::vector<UnpricedModel> ListUnpriced() const;

  // INVALID_ARGUMENT for an empty or reversed range. With a `cancellation`, which outlives
  // the call, also its error, some milliseconds after it has one.
  absl::StatusOr<TopAnswer> Top(const TopQuery& query,
                                const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<WorkflowsAnswer> Workflows(const Window& window,
                                            const Cancellation* cancellation = nullptr) const;
  // NOT_FOUND.
  absl::StatusOr<RunAnswer> Run(const RunQuery& query,
                                const Cancellation* cancellation = nullptr) const;
  // With all of its calls.
  absl::StatusOr<RunAnswer> Run(absl::string_view workflow_id,
                                const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<SeriesAnswer> Series(const SeriesQuery& query,
                                      const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<OutliersAnswer> Outliers(const OutliersQuery& query,
                                          const Cancellation* cancellation = nullptr) const;
  absl::StatusOr<DistributionAnswer> Distribution(const DistributionQuery& query,
                                                  const Cancellation* cancellation = nullptr) const;

  // What the next call of `step` will be compared with.
  Threshold ThresholdOf(absl::string_view step) const;

  DatabaseInfo Info() const;

  // Writes the views to disk now.
  absl::Status Checkpoint();

  // Reads every file and block with its checksum, folds the whole log again and
  // compares every persisted row of a view byte for byte. Writing and asking go on
  // meanwhile. UNAVAILABLE if something cannot be read.
  absl::StatusOr<VerifyReport> Verify() const;
  // The same; DATA_LOSS names the first difference.
  absl::Status VerifyViews() const;
  // The part that needs no fold.
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
