// SPDX-License-Identifier: Apache-2.0
#pragma once

// A group in the making: the builder leaves out what is known already, prices the other calls,
// flags outliers, and sorts them into blocks.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/ingest/checked_batch.h"
#include "storage/ingest/hour_blocks.h"
#include "storage/ingest/pending_calls.h"
#include "storage/maintenance/withdrawals.h"
#include "storage/model/event_batch.h"
#include "storage/model/ingest_counters.h"
#include "storage/store/pricer.h"
#include "storage/store/state.h"
#include "storage/views/call_sums.h"

namespace itemized {

// The committer makes one for each group. Not thread-safe.
class GroupBuilder {
 public:
  // `events` is about how many there will be. Does not own `state`.
  GroupBuilder(State* state, size_t events);

  // Takes the calls of `retractions` out of the store, and gets ready for calls of `batches` that
  // take the place of a stored call with a lower revision. Must be called before the batches are
  // added; the group has no other submission. Errors are those of Add.
  absl::Status Withdraw(absl::Span<const CallId> retractions,
                        absl::Span<const CheckedBatch> batches);

  // Takes up the good events of `batch`, which must outlive the builder, and says what became of
  // each. An error means that the store could not be read; the group must be given up.
  absl::StatusOr<BatchResult> Add(const CheckedBatch& batch);

  // Counts what was taken up so far.
  const IngestCounters& accepted() const { return accepted_; }

  // Returns the blocks of all batches added. The builder is then spent.
  std::vector<Block> Finish();
  // The runs of the blocks that Finish returned.
  const StagedRuns& staged() const { return staged_; }

 private:
  // A run that the group names.
  struct RunState {
    PendingRun run;
    std::optional<RunCompletion> completion;  // The one in force after this group.
    PendingCalls calls;                       // Calls that this group stores.
  };

  // A call of the present batch, and what follows from its names. Names are numbered once the call
  // is accepted: until then its series is kUnknownSeries if any of them is new.
  struct NamedCall {
    const CheckedCall* checked = nullptr;
    RunState* run = nullptr;
    SeriesId series{};
    NameId step = kUnnamed;
    const RateBook::Schedule* schedule = nullptr;
    bool is_rated = false;  // Its model has a rate, so that its names are kept beyond the limits.
  };

  // What a call with an id is to the stored call with the same id.
  enum class Relation : uint8_t {
    kNew,           // No call is stored under the id.
    kSameRevision,  // It is a duplicate, or a conflict.
    kOutdated,      // The stored one has a higher revision.
    kReplaces,      // It takes the place of the stored one.
    kTooOld,        // It would take its place, but the stored one is no longer kept.
  };
  Relation RelationOf(const NamedCall& named, const RunCall* stored) const;

  // A call whose id is known to a brief run. Only the log can tell whether the content is the same.
  struct Unresolved {
    const CheckedCall* checked = nullptr;
    const RunEntry* run = nullptr;
    CallContent content = 0;
  };

  absl::Status NameReplaced(const CheckedBatch& batch);
  void TakeOutReplaced(const NamedCall& named);
  // Whether the call is one that came before. It is then counted in `result`, here or by Resolve.
  bool IsKnown(const NamedCall& named, const PendingCall& call, BatchResult* result);
  absl::Status Resolve(const CheckedBatch& batch, BatchResult* result);
  absl::Status AddCalls(const CheckedBatch& batch, absl::Span<const CheckedCall> calls,
                        BatchResult* result);
  absl::Status FindRuns(const CheckedBatch& batch, absl::Span<const CheckedCall> calls,
                        BatchResult* result);
  void FindNames(const CheckedBatch& batch, NamedCall* call);
  void NumberNames(const CheckedBatch& batch, NamedCall* call);
  bool HasOtherModel(const CheckedBatch& batch, const NamedCall& call) const;
  CallCost PriceOf(const CheckedBatch& batch, const NamedCall& named, const Usage& usage,
                   bool* too_large) const;
  void AddCall(const CheckedBatch& batch, NamedCall* named, BatchResult* result);
  absl::Status AddCompletion(const CheckedBatch& batch, uint32_t place, BatchResult* result);
  Refusal RefuseTooOld(uint32_t index, int64_t time_us) const;
  absl::StatusOr<RunState*> RunOf(absl::string_view workflow_id);
  RunCompletion RowOf(const Completion& completion) const;
  bool FitsTotals(const Usage& usage);

  State& state_;
  Pricer pricer_;
  StagedRuns staged_;
  Withdrawals withdrawals_{&state_, &staged_};
  HourBlocks blocks_;
  CallSums total_;          // The total of the store and this group; not kept up if is_roomy_.
  const bool is_roomy_;     // No group can make a total overflow.
  const int64_t first_us_;  // Events before this instant are no longer kept.
  const int64_t late_us_;   // Calls before this instant are late.
  IngestCounters accepted_;
  absl::flat_hash_map<absl::string_view, uint32_t> run_indices_;  // Places in runs_ by workflow_id.
  std::deque<RunState> runs_;

  // Runs and names of the present batch, by their place in its dictionary.
  std::vector<RunState*> batch_runs_;
  std::array<std::vector<NameId>, kNameKindCount> name_ids_;
  std::vector<NamedCall> named_;    // The calls that pass through the stages together.
  std::vector<PricedCall> priced_;  // The calls of `named_` that are taken up.
  std::vector<Unresolved> unresolved_;
};

}  // namespace itemized
