// SPDX-License-Identifier: Apache-2.0
#include "storage/engine/corrections.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/engine/net_rows.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

// Family::kMeta (storage/FORMAT.md, "Rates"): rates by their key; the instant
// from which calls are still to be priced again.
constexpr char kRatePrefix[] = "r/";
constexpr char kRepricingKey[] = "repricing";

// Rows in one commit of a repricing; bounds memory and the size of a WriteBatch.
constexpr size_t kCorrectionRowsMax = 50'000;

// Collects corrections, one block for each hour.
class CorrectionBlocks {
 public:
  CallRows& Of(Hour hour) {
    Block& block = blocks_[hour];
    block.ref.hour = hour;
    return block.calls;
  }
  std::vector<Block> Take() {
    std::vector<Block> taken;
    for (auto& [hour, block] : blocks_) {
      taken.push_back(std::move(block));
    }
    blocks_.clear();
    return taken;
  }

 private:
  std::map<Hour, Block> blocks_;
};

absl::Status CommitCorrections(State* state, CorrectionBlocks* corrections, KvBatch batch) {
  std::vector<Block> blocks = corrections->Take();
  for (Block& block : blocks) {
    ASSIGN_OR_RETURN(Runs::WholeRuns whole, state->views.Stage(&block));
    const WriterLock lock(state->mutex);
    RETURN_IF_ERROR(state->views.runs().TakeCalls(std::move(whole)));
  }
  RETURN_IF_ERROR(state->Commit(&blocks, std::move(batch)));
  PassFailpoint(Failpoint::kCorrected);
  return absl::OkStatus();
}

// The row of the log that holds `call` as its run remembers it.
absl::StatusOr<std::pair<Block, size_t>> FindRow(const State& state, const Run& run,
                                                 const RunCall& call, const CallId& id) {
  const auto& refs = run.blocks();
  for (auto ref = refs.rbegin(); ref != refs.rend(); ++ref) {
    if (ref->hour != HourOf(call.time_us)) {
      continue;
    }
    ASSIGN_OR_RETURN(Block block, state.log.Read(*ref));
    for (size_t row = 0; row < block.calls.size(); ++row) {
      const CallRows& calls = block.calls;
      if (calls.weight[row] > 0 && calls.EventId(row) == id.event_id &&
          calls.RunName(row) == id.workflow_id && calls.CostAt(row) == call.cost()) {
        return std::pair(std::move(block), row);
      }
    }
  }
  return absl::DataLossError(absl::StrCat("the store is damaged: call ", id.event_id, " of run ",
                                          id.workflow_id, " is missing from the log"));
}

absl::StatusOr<bool> RetractCall(State* state, const CallId& id, CorrectionBlocks* blocks) {
  Runs& runs = state->views.runs();
  ASSIGN_OR_RETURN(RunEntry* const entry, runs.Stage(id.workflow_id));
  if (entry->run.is_brief()) {
    ASSIGN_OR_RETURN(Runs::WholeRuns whole, runs.ReadCalls({&entry, 1}));
    const WriterLock lock(state->mutex);
    RETURN_IF_ERROR(runs.TakeCalls(std::move(whole)));
  }
  const RunCall* const call = entry->run.Find(FingerprintOf(state->catalog.id_key(), id.event_id));
  if (call == nullptr || call->retracted || HourOf(call->time_us) < state->log.first_hour()) {
    return false;
  }
  ASSIGN_OR_RETURN(const auto found, FindRow(*state, entry->run, *call, id));
  AppendRow(found.first.calls, found.second, -1, call->cost(), &blocks->Of(found.first.ref.hour));
  return true;
}

bool MayCover(const Rate& rate, absl::string_view provider, absl::string_view model) {
  return (rate.provider.empty() || rate.provider == provider) && rate.match.Matches(model);
}

// The series whose calls are to be priced again: those that one of `rates` may
// cover; without `rates`, all.
std::vector<bool> CoveredSeries(const State& state, const std::vector<Rate>* rates) {
  std::vector<bool> covered(state.catalog.series_count());
  for (SeriesId id = 0; id < covered.size(); ++id) {
    const SeriesKey& key = state.catalog.Series(id);
    const std::string& provider = state.catalog.Name(NameKind::kProvider, key[NameKind::kProvider]);
    const std::string& model = state.catalog.Name(NameKind::kModel, key[NameKind::kModel]);
    // The names behind kOtherName are lost, so such calls keep their price.
    covered[id] =
        model != kOtherName &&
        (rates == nullptr || std::any_of(rates->begin(), rates->end(), [&](const Rate& rate) {
           return MayCover(rate, provider, model);
         }));
  }
  return covered;
}

// The hours that may hold calls of covered series: all of their steps, on days
// that have calls of the series.
std::set<Hour> HoursOf(const State& state, const std::vector<bool>& covered, int64_t from_us) {
  const CallRollups& rollups = state.views.rollups();
  std::set<Hour> hours;
  for (NameId step = 0; step < rollups.name_count(NameKind::kStep); ++step) {
    const BucketTable<NameDay>& days = rollups.DaysOf(NameKind::kStep, step);
    for (auto day = days.LowerBound(DayOf(from_us)); day != days.end(); ++day) {
      const auto& series = day->value.series;
      const bool concerned = std::any_of(series.begin(), series.end(), [&](const auto& entry) {
        return covered[entry.first] && entry.second.calls != 0;
      });
      for (const auto& [hour, sums] : day->value.hours) {
        const Hour found = day->bucket * 24 + hour;
        if (concerned && sums.calls != 0 && found >= state.log.first_hour()) {
          hours.insert(found);
        }
      }
    }
  }
  return hours;
}

CallCost PriceRow(const State& state, RateFinder* finder, const CallRows& calls, size_t row) {
  const SeriesKey& key = state.catalog.Series(calls.series[row]);
  const RateBook::Schedule& schedule =
      finder->Find(state.catalog.Name(NameKind::kProvider, key[NameKind::kProvider]),
                   state.catalog.Name(NameKind::kModel, key[NameKind::kModel]));
  // A cost beyond 63 bits was never accepted; under a later rate it is unknown.
  bool too_large = false;
  return PriceCall(schedule, calls.time_us[row], calls.UsageAt(row),
                   calls.Has(row, kFlagUsageMissing), &too_large);
}

// Prices one hour again; returns the number of calls whose cost changed.
absl::StatusOr<int64_t> RepriceHour(State* state, RateFinder* finder,
                                    const std::vector<bool>& covered, Hour hour,
                                    CorrectionBlocks* out) {
  std::vector<Block> blocks;
  RETURN_IF_ERROR(state->log.ReadHours(hour, hour + 1, state->views.folded(), kAllColumns,
                                       [&](const Block& block) {
                                         blocks.push_back(block);
                                         return absl::OkStatus();
                                       }));
  int64_t changed = 0;
  for (const RowRef& ref : NetRows(blocks)) {
    const CallRows& calls = blocks[ref.block].calls;
    if (!covered[calls.series[ref.row]]) {
      continue;
    }
    const CallCost cost = PriceRow(*state, finder, calls, ref.row);
    if (cost != calls.CostAt(ref.row)) {
      AppendRow(calls, ref.row, -1, calls.CostAt(ref.row), &out->Of(hour));
      AppendRow(calls, ref.row, 1, cost, &out->Of(hour));
      ++changed;
    }
  }
  return changed;
}

absl::StatusOr<int64_t> Reprice(State* state, RateFinder* finder, const std::vector<bool>& covered,
                                int64_t from_us) {
  int64_t repriced = 0;
  int64_t committed = 0;
  CorrectionBlocks corrections;
  for (const Hour hour : HoursOf(*state, covered, from_us)) {
    ASSIGN_OR_RETURN(const int64_t changed,
                     RepriceHour(state, finder, covered, hour, &corrections));
    repriced += changed;
    if (static_cast<size_t>(repriced - committed) * 2 >= kCorrectionRowsMax) {
      RETURN_IF_ERROR(CommitCorrections(state, &corrections, KvBatch()));
      committed = repriced;
    }
  }
  KvBatch batch;
  batch.Delete(Family::kMeta, kRepricingKey);
  RETURN_IF_ERROR(CommitCorrections(state, &corrections, std::move(batch)));
  return repriced;
}

}  // namespace

absl::StatusOr<int64_t> RetractCalls(State* state, const std::vector<CallId>& ids) {
  CorrectionBlocks corrections;
  int64_t retracted = 0;
  std::set<std::pair<std::string, std::string>> seen;
  for (const CallId& id : ids) {
    if (!seen.emplace(id.workflow_id, id.event_id).second) {
      continue;
    }
    ASSIGN_OR_RETURN(const bool found, RetractCall(state, id, &corrections));
    retracted += found ? 1 : 0;
  }
  if (retracted > 0) {
    RETURN_IF_ERROR(CommitCorrections(state, &corrections, KvBatch()));
  }
  return retracted;
}

absl::StatusOr<RateChange> ApplyRates(State* state, RateFinder* finder, std::vector<Rate> rates) {
  // The marker has room for one repricing: an interrupted one goes first.
  RETURN_IF_ERROR(ResumeRepricing(state, finder));
  RateBook book = state->rates;
  RateChange change;
  KvBatch batch;
  int64_t from_us = kTimeMaxUs;
  for (const Rate& rate : rates) {
    absl::StatusOr<bool> replaced = book.Set(rate);
    if (!replaced.ok()) {
      return absl::Status(
          replaced.status().code(),
          absl::StrCat("the rate for ", rate.match.ToString(), ": ", replaced.status().message()));
    }
    ++(*replaced ? change.replaced : change.added);
    from_us = std::min(from_us, rate.effective_from_us);
    batch.Put(Family::kMeta, absl::StrCat(kRatePrefix, RateKey(rate)), EncodeRate(rate));
  }
  if (rates.empty()) {
    return change;
  }
  std::string marker;
  AppendVarint(&marker, static_cast<uint64_t>(from_us));
  batch.Put(Family::kMeta, kRepricingKey, std::move(marker));
  RETURN_IF_ERROR(state->kv->Write(batch, /*sync=*/true));
  {
    const WriterLock lock(state->mutex);
    state->rates = std::move(book);
  }
  PassFailpoint(Failpoint::kRatesSaved);
  finder->Clear();
  ASSIGN_OR_RETURN(change.repriced_calls,
                   Reprice(state, finder, CoveredSeries(*state, &rates), from_us));
  return change;
}

absl::Status ResumeRepricing(State* state, RateFinder* finder) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row,
                   state->kv->Get(Family::kMeta, kRepricingKey));
  if (!row.has_value()) {
    return absl::OkStatus();
  }
  absl::string_view value = *row;
  uint64_t from_us = 0;
  if (!ReadVarint(&value, &from_us)) {
    return absl::DataLossError("the store is damaged: the repricing marker cannot be read");
  }
  return Reprice(state, finder, CoveredSeries(*state, nullptr), static_cast<int64_t>(from_us))
      .status();
}

}  // namespace itemized
