// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole database as a person would do it with pencil and paper: all calls
// and completions in the order they came, and every answer by going through
// all of them. It shares only plain types with the engine it judges.
//
// Not modelled: folding into __other__, regular expressions and combinations
// in rates, totals beyond 64 bits of tokens. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"

#include "storage/database/database.h"
#include "storage/model/call.h"
#include "storage/model/event_batch.h"
#include "storage/pricing/rate.h"
#include "storage/query/query_types.h"
#include "tests/storage/database/naive_pricing.h"
#include "tests/storage/database/naive_what_if.h"

namespace itemized::testing {

// A step's median is not trusted if it is of fewer calls; the default threshold then holds.
inline constexpr int64_t kLearningCalls = 30;
inline constexpr int64_t kLearningThresholdPicos = 5'000'000'000;  // $0.005
inline constexpr int64_t kBaselineDays = 30;

class NaiveModel {
 public:
  // What is reported as the cost of calls of `provider` is their cost.
  void TrustReportedCosts(const std::string& provider) { trusted_.insert(provider); }

  // Takes one batch, written at `now_us`. `malformed` rows do not decode.
  BatchResult Write(absl::Span<const Call> calls, absl::Span<const Completion> completions,
                    int64_t now_us, const std::set<size_t>& malformed = {});
  int64_t Retract(absl::Span<const CallId> ids);
  RateChange SetRates(absl::Span<const Rate> rates);
  RateChange SetBundledRates(absl::Span<const Rate> rates);  // Each has that origin.
  // Returns nothing if one of the rates is not in the book.
  std::optional<RateChange> RemoveRates(absl::Span<const RateName> names);
  std::vector<Rate> ListRates() const;
  std::vector<UnpricedModel> ListUnpriced() const;

  TopAnswer Top(const TopQuery& query, int64_t now_us) const;
  WorkflowsAnswer Workflows(const Window& window, int64_t now_us) const;
  std::optional<RunAnswer> Run(const std::string& workflow_id) const;
  SeriesAnswer Series(const SeriesQuery& query, int64_t now_us) const;
  OutliersAnswer Outliers(const OutliersQuery& query, int64_t now_us) const;
  WastedAnswer Wasted(const WastedQuery& query, int64_t now_us) const;
  // The costs behind the distribution of a step, by rising cost.
  std::vector<int64_t> CostsOfStep(const DistributionQuery& query, int64_t now_us) const;
  Threshold ThresholdOf(const std::string& step) const;
  NaiveWhatIf WhatIf(const WhatIfQuery& query, int64_t now_us) const;

  int64_t CallCount() const;
  int64_t UnpricedCount() const;
  std::vector<std::string> RunIds() const;  // Runs that exist.

  // Returns why the database refuses this event now, if it does.
  std::optional<RefusalCode> Judge(const Call& call, int64_t now_us) const;
  std::optional<RefusalCode> Judge(const Completion& completion, int64_t now_us) const;

 private:
  struct StoredCall {
    BilledCall billed;
    bool retracted = false;
    int64_t order = 0;  // Its place in the log, which is a new one when it is priced again.
  };
  using Calls = std::vector<const StoredCall*>;
  struct NaiveRun {
    Calls calls;  // Calls that stand, in the order they came.
    std::optional<Completion> completion;
  };
  using Winners = std::map<std::string, Completion>;

  Call* Seen(const Call& call);
  void Store(absl::Span<const Call> accepted);
  bool WriteCompletion(const Completion& completion);  // Returns false for a duplicate.
  CallCost Price(const Call& call) const;
  int64_t RepriceAll();
  void RepriceTogether(absl::Span<StoredCall* const> calls);

  Winners WinningCompletions() const;
  std::map<std::string, NaiveRun> Runs() const;
  Calls CallsIn(const TimeRange& range, const CallFilter& filter = {}) const;
  TopRow MakeTopRow(const std::string& key, const Calls& calls, const Winners& winners) const;
  RunAnswer MakeRun(const std::string& workflow_id, const NaiveRun& run) const;
  std::set<int64_t> LevelShiftDays(const std::string& step, int64_t first_day) const;

  // Returns all calls of a step, retracted ones too.
  const Calls& CallsOf(const std::string& step) const;

  // tests/storage/database/naive_what_if.cc
  struct Replayed;
  struct StepAfter;
  std::optional<int64_t> FirstPriced(Call call) const;
  void Become(const Call& next, bool standard, Replayed* call, ChangedCalls* counts) const;
  bool Change(const StepChange& change, Replayed* call, ChangedCalls* counts) const;
  std::pair<int64_t, int64_t> RunsWith(const Calls& calls) const;
  StepAfter After(const Calls& calls, const std::vector<StepChange>& changes, size_t count) const;
  TimeRange Recorded(const TimeRange& range, int64_t now_us) const;
  static GateOutcome OutcomeOf(const Gate& gate, const StepAfter& was, const StepAfter& is,
                               int64_t calls);

  static bool IsRated(const BilledCall& billed);
  static std::string KeyOf(const Call& call, GroupBy by, const std::string& attribute_key);
  // Returns why a call is wasted, if it is; `run` has all calls of its run that stand.
  static std::optional<WasteReason> WhyWasted(const StoredCall& stored, const NaiveRun& run);
  static CallSums Sum(const Calls& calls);
  static Picos Unsurfaced(const Calls& calls, const Winners& winners);

  std::deque<StoredCall> calls_;          // They stand in the order they came; none ever moves.
  std::map<std::string, Calls> by_step_;  // These are the calls once more, only to be quicker.
  std::vector<Completion> completions_;   // They stand in the order they came, losers too.
  std::map<std::pair<std::string, std::string>, Call> seen_;
  std::vector<NaiveRate> rates_;
  std::set<std::string> trusted_;
  uint64_t rate_order_ = 0;
  int64_t next_order_ = 0;
};

// Returns the range that `window` means at `now_us`.
TimeRange ResolveWindow(const Window& window, int64_t now_us);

// Returns the hours or days of `zone` that lie in `range`, cut to it.
std::vector<TimeRange> NaiveBuckets(const TimeRange& range, bool by_hour, absl::TimeZone zone);

}  // namespace itemized::testing
