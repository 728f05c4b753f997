// SPDX-License-Identifier: Apache-2.0
#pragma once

// A run: its calls in short, its completion, and what follows from them.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/keyed_hash.h"
#include "storage/base/money.h"
#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/runs/call_content.h"
#include "storage/runs/run_endings.h"

namespace itemized {

// A call as its run remembers it. Retracted calls stay, so that a re-delivery is known.
struct RunCall {
  EventFingerprint fingerprint = 0;
  int64_t time_us = 0;
  int64_t cost_picos = 0;
  CallContent content = 0;
  static constexpr int kSeriesBits = 29;  // Numbers of series end far below (kSeriesMax).
  uint32_t series_number : kSeriesBits = 0;
  bool unpriced : 1 = false;
  bool retracted : 1 = false;
  bool brief : 1 = false;  // Only `fingerprint` and `retracted` are known; the log has the rest.

  SeriesId series() const { return SeriesId(series_number); }
  bool operator==(const RunCall&) const = default;
};
static_assert(sizeof(RunCall) == 32);  // These are half of all that a server keeps in memory.

// The completion that holds for a run: the latest by time_us.
struct RunCompletion {
  int64_t time_us = 0;
  NameId workflow = kUnnamed;
  Outcome outcome = Outcome::kCompleted;  // Never kOpen where it is in force.
  std::vector<std::string> unused_steps;  // Sorted. A step may be named without any call of it.

  bool operator==(const RunCompletion&) const = default;
};

// What the calls of a run come to, net of retractions.
struct RunTotals {
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  Picos cost = 0;
  int64_t latest_us = 0;  // When the latest call ended; 0 if there is no call.
  // The workflow of the earliest call that names one (at equal times the first name in order), and
  // when that call ended; kUnnamed and 0 if none names one.
  NameId workflow = kUnnamed;
  int64_t workflow_us = 0;

  bool operator==(const RunTotals&) const = default;
};

// All that is known of one run. A run that was read from its row is mostly *brief*: it has the ids
// of its calls and their totals. What else is known of the calls is read back from the log where it
// is needed (StagedRuns), which is for retractions and for unused steps. Not thread-safe.
class Run {
 public:
  // Returns the call of this id, retracted or not; null if it was never stored.
  const RunCall* Find(EventFingerprint fingerprint) const;

  // Returns the revision of the call of this id, retracted or not; 0 if it has none.
  uint32_t RevisionOf(EventFingerprint fingerprint) const;

  // Folds rows of a block: adds the calls, prices them again (IsRepriced), or takes them out. A
  // brief run must not have calls taken out. The time depends on the number of rows, not of all
  // calls. Returns false if the rows do not follow from what was folded before, such as one that
  // takes out a call that is not there; the run is of no use then.
  [[nodiscard]] bool Apply(const RowContents& block, absl::Span<const uint32_t> rows, BlockRef ref,
                           const Catalog& catalog);

  // Puts `completion` in force unless a later one is; if its outcome is kOpen, none is from then on.
  // If it has unused steps, the run must not be
  // brief.
  void Apply(const RunCompletion& completion);

  bool is_brief() const { return is_brief_; }
  // Makes a brief run whole with the calls of `whole`, which was folded from blocks(). Returns
  // false, and changes nothing, if their totals do not fit.
  bool TakeCalls(Run whole);
  // Makes the row of the run have all of its calls from now on, since the log will not keep them.
  // The run must not be brief.
  void KeepCalls();
  bool keeps_calls() const { return keeps_calls_; }

  // Returns the steps of its calls that its completion says were not used, sorted; none if brief.
  std::vector<NameId> UnusedSteps(const Catalog& catalog) const;
  // Whether its completion names any unused step, perhaps one without calls.
  bool HasUnused() const;
  // Whether it is open or completed, and no step of it is unused.
  bool IsPlain() const;
  RunEnding Ending(const Catalog& catalog) const;

  // Whether nothing was ever folded into it.
  bool is_empty() const { return blocks_.empty() && !completion_.has_value(); }

  int64_t calls() const { return totals_.calls; }
  int64_t unpriced_calls() const { return totals_.unpriced_calls; }
  Picos cost() const { return totals_.cost; }
  bool exists() const { return totals_.calls > 0 || completion_.has_value(); }
  Outcome outcome() const;
  // Returns the workflow that its completion names, else that of RunTotals; kUnnamed if none is
  // named. It does not depend on the order in which calls arrive.
  NameId workflow() const;
  // Returns the instant by which the run belongs to a window: that of its completion, else of its
  // latest call.
  int64_t AnchorUs() const;

  const std::optional<RunCompletion>& completion() const { return completion_; }
  const std::vector<RunCall>& ledger() const { return ledger_; }
  // The blocks that have rows of its calls, in the order they were folded.
  const std::vector<BlockRef>& blocks() const { return blocks_; }

  // Returns the persisted form (storage/FORMAT.md, "Run"), and reads it; none if malformed.
  std::string Encode() const;
  static std::optional<Run> Decode(absl::string_view bytes, const Catalog& catalog);
  // Returns the outcome that the persisted form has, if no step is unused; nothing if one is, or if
  // that cannot be read.
  static std::optional<Outcome> OutcomeIfAllUsed(absl::string_view bytes);

 private:
  size_t PositionOf(EventFingerprint fingerprint) const;
  static RunCall CallOf(const RowContents& block, size_t row, const Catalog& catalog);
  bool ApplyRow(const RowContents& block, size_t row, const Catalog& catalog);
  void Add(const RunCall& call);
  void Index();
  void SetRevision(EventFingerprint fingerprint, uint32_t revision);
  void Count(const RunCall& call, int sign);
  void SeeCall(const RunCall& call, const Catalog& catalog);
  bool Retract(size_t position);
  bool Reprice(const RowContents& block, size_t row, const Catalog& catalog);
  void FindExtremes(const Catalog& catalog);
  size_t FindAnonymous(const RunCall& call);
  void Restate(size_t position, const RunCall& after);

  // storage/runs/run_codec.cc
  void EncodeBrief(std::string* out) const;
  void EncodeCalls(std::string* out) const;
  bool DecodeBrief(absl::string_view* in, const Catalog& catalog);
  bool DecodeCalls(absl::string_view* in, const Catalog& catalog);
  bool DecodeBlocks(absl::string_view in);

  std::optional<RunCompletion> completion_;
  std::vector<RunCall> ledger_;  // Calls in the order they arrived.
  std::vector<BlockRef> blocks_;
  RunTotals totals_;
  bool is_brief_ = false;
  bool keeps_calls_ = false;
  bool knows_costs_ = false;  // Not all calls of the ledger are brief.
  // Positions in `ledger_` by fingerprint, for runs too long to search.
  std::unique_ptr<absl::flat_hash_map<EventFingerprint, size_t>> index_;
  // Revisions by fingerprint, of the calls whose revision is not 0.
  std::unique_ptr<absl::flat_hash_map<EventFingerprint, uint32_t>> revisions_;
  // Positions of calls without an id that were not retracted, by all that is known of a call. The
  // index is made when such a call is first priced again. Equal calls are alike: the first is
  // taken.
  using Anonymous = std::tuple<CallContent, SeriesId, int64_t, int64_t, bool>;
  static Anonymous AnonymousOf(const RunCall& call);
  std::unique_ptr<absl::flat_hash_map<Anonymous, std::set<size_t>>> anonymous_;
  bool extremes_are_stale_ = false;  // Times and workflow of totals_ are; only within Apply.
};

}  // namespace itemized
