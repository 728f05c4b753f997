#pragma once

// One run: its calls in short, its completion, and what follows from them.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "storage/base/money.h"
#include "storage/catalog/catalog.h"
#include "storage/log/block.h"
#include "storage/views/call_content.h"

namespace itemized {

// Stands for an event id, unique within a run for all practical purposes; 0 for a call
// without an id. It is the number that the hexadecimal digits at the end of the id make (15
// at most), plus 64 bits of XXH3 of what is before them: ids of a sender that counts up
// differ little, which is how a run is stored.
using EventFingerprint = uint64_t;
EventFingerprint FingerprintOf(absl::string_view event_id);

// A call as its run remembers it. Retracted calls stay, so that a re-delivery
// is known.
struct RunCall {
  EventFingerprint fingerprint = 0;
  int64_t time_us = 0;
  int64_t cost_picos = 0;
  CallContent content = 0;
  SeriesId series : 30 = 0;
  bool unpriced : 1 = false;
  bool retracted : 1 = false;

  CallCost cost() const { return {cost_picos, unpriced}; }
  bool operator==(const RunCall&) const = default;
};
static_assert(sizeof(RunCall) == 32);  // Half of what there is in memory.

// The completion in force.
struct RunCompletion {
  int64_t time_us = 0;
  NameId workflow = 0;  // 0: not named.
  Outcome outcome = Outcome::kCompleted;
  std::vector<NameId> unused_steps;  // Sorted.

  bool operator==(const RunCompletion&) const = default;
};

// Not thread-safe.
class Run {
 public:
  // The call of this id, retracted or not; null if it was never stored.
  const RunCall* Find(EventFingerprint fingerprint) const;

  // Folds one row of a block: adds the call, or takes it out.
  void Apply(const CallRows& calls, size_t row, BlockRef ref, const Catalog& catalog);

  // Puts `completion` in force unless a later one is.
  void Apply(const RunCompletion& completion);

  bool Unused(NameId step) const;

  // Nothing was ever folded into it.
  bool is_empty() const { return ledger_.empty() && !completion_.has_value(); }

  // Net of retractions.
  int64_t calls() const { return calls_; }
  int64_t unpriced_calls() const { return unpriced_calls_; }
  Picos cost() const { return cost_; }
  bool exists() const { return calls_ > 0 || completion_.has_value(); }
  Outcome outcome() const;
  // What its completion names, else its earliest call that names one (at equal
  // times the first name in order). So it does not depend on the order in which
  // calls arrive. 0: none is named.
  NameId workflow() const;
  // Completion, else latest call: the instant by which a run belongs to a window.
  int64_t AnchorUs() const;

  const std::optional<RunCompletion>& completion() const { return completion_; }
  const std::vector<RunCall>& ledger() const { return ledger_; }
  const std::vector<BlockRef>& blocks() const { return blocks_; }  // With its calls.

  // The persisted form (storage/FORMAT.md, "Run").
  std::string Encode() const;
  static std::optional<Run> Decode(absl::string_view bytes, const Catalog& catalog);
  // Whether the completion in the persisted form names unused steps; true too if it
  // cannot be read.
  static bool MayHaveUnused(absl::string_view bytes);

 private:
  size_t PositionOf(const RunCall& call) const;
  void Index();
  void Count(const RunCall& call, int sign);
  void SeeCall(const RunCall& call, const Catalog& catalog);
  void Retract(size_t position, const Catalog& catalog);

  std::optional<RunCompletion> completion_;
  std::vector<RunCall> ledger_;  // By arrival.
  std::vector<BlockRef> blocks_;

  // Follow from the ledger.
  int64_t calls_ = 0;
  int64_t unpriced_calls_ = 0;
  Picos cost_ = 0;
  int64_t latest_us_ = 0;      // Of the calls; 0 if there is none.
  NameId calls_workflow_ = 0;  // Of the earliest call that names one, at
  int64_t calls_workflow_us_ = 0;
  // Position by fingerprint, for runs too long to search.
  std::unique_ptr<absl::flat_hash_map<EventFingerprint, size_t>> index_;
};

}  // namespace itemized
