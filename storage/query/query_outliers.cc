// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "storage/base/status_macros.h"
#include "storage/block/net_rows.h"
#include "storage/query/call_totals.h"
#include "storage/query/dearest_calls.h"
#include "storage/query/endings_of_rows.h"
#include "storage/query/queries.h"
#include "storage/query/row_filter.h"
#include "storage/query/run_page.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

constexpr size_t kLimitMax = 10'000;
// An answer ends about there, and may have one call more. Calls with many attributes are large.
constexpr size_t kAnswerBytesMax = size_t{4} << 20;

// How many calls of some hours have which verdict.
struct Verdicts {
  int64_t outliers = 0;
  int64_t learning = 0;
  int64_t unjudged = 0;

  void Add(const Verdicts& other) {
    outliers += other.outliers;
    learning += other.learning;
    unjudged += other.unjudged;
  }
  void Add(uint8_t flags, int64_t weight) {
    outliers += IsOutlier(flags) ? weight : 0;
    learning += (flags & kFlagLearning) != 0 ? weight : 0;
    unjudged += (flags & kFlagUnpriced) != 0 ? weight : 0;
  }
  bool empty() const { return outliers == 0 && learning == 0 && unjudged == 0; }
};

// The hours that `range` touches, as far as they have any verdicts: those of the filter's step,
// if it names one, whatever else it says. The caller holds the lock of `state`.
absl::StatusOr<std::map<Hour, Verdicts>> VerdictsByHour(const State& state, TimeRange range,
                                                        const CallFilter& filter,
                                                        const Cancellation* cancellation) {
  std::map<Hour, Verdicts> found;
  const RollupScan scan = StepsOf(filter, state.catalog).Touching(range);
  const auto add = [&](NameId, Day day, const NameDay& row) {
    for (const auto& [hour_of_day, sums] : row.hours) {
      const Hour hour = FirstHourOf(day) + hour_of_day;
      const Verdicts verdicts{.outliers = sums.outliers,
                              .learning = sums.learning_calls,
                              .unjudged = sums.unpriced_calls};
      if (!verdicts.empty() && HourStartUs(hour + 1) > range.start_us &&
          HourStartUs(hour) < range.end_us) {
        found[hour].Add(verdicts);
      }
    }
  };
  RETURN_IF_ERROR(ForEachDay(state.views.rollups(), scan, cancellation, add));
  return found;
}

std::vector<uint32_t> OutlierRows(const Block& block) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < block.calls.size(); ++row) {
    if (IsOutlier(block.calls.flags[row])) {
      rows.push_back(row);
    }
  }
  return rows;
}

// One question, answered as of one commit: the rollups are read under the lock, which says up to
// which block, and then hour by hour the log, where commits go on meanwhile.
class OutlierSearch {
 public:
  OutlierSearch(const State& state, const OutliersQuery& query, const Cancellation* cancellation)
      : state_(state),
        query_(query),
        cancellation_(cancellation),
        limit_(std::min(query.limit, kLimitMax)) {}

  // None if hours that are needed were dropped since it began, as happens once a day.
  absl::StatusOr<std::optional<OutliersAnswer>> Find() {
    {
      const Snapshot snapshot(state_);
      ASSIGN_OR_RETURN(answer_.range, snapshot.Resolve(query_.window));
      RETURN_IF_ERROR(ReadRollups(snapshot));
    }
    RETURN_IF_ERROR(CountPartly());
    RETURN_IF_ERROR(query_.order == OutlierOrder::kCost ? FindDearest() : FindNewest());
    if (is_dropped_) {
      return std::optional<OutliersAnswer>();
    }
    return std::optional<OutliersAnswer>(std::move(answer_));
  }

 private:
  // An hour with calls that have a verdict.
  struct HourToRead {
    Hour hour{};
    // If not, only the log tells which of its calls the question is about.
    bool is_counted = false;
    bool has_outliers = false;
  };

  void Count(const Verdicts& verdicts) {
    answer_.total += verdicts.outliers;
    answer_.unjudged_calls += verdicts.unjudged;
    answer_.learning_calls += verdicts.learning;
  }

  absl::Status ReadRollups(const Snapshot& snapshot) {
    filter_.emplace(query_.filter, state_.catalog);
    endings_.emplace(state_);
    up_to_ = snapshot.last_block();
    const TimeRange& range = answer_.range;
    const bool by_step = query_.filter.has_step_only();
    ASSIGN_OR_RETURN(const auto by_hour,
                     VerdictsByHour(state_, range, query_.filter, cancellation_));
    for (auto it = by_hour.rbegin(); it != by_hour.rend(); ++it) {
      const auto& [hour, verdicts] = *it;
      const bool is_kept = hour >= state_.blocks.first_hour();
      const bool is_whole =
          HourStartUs(hour) >= range.start_us && HourStartUs(hour + 1) <= range.end_us;
      const bool is_counted = by_step && (is_whole || !is_kept);
      if (is_counted) {
        Count(verdicts);
      }
      if (is_kept) {  // The log says no more which calls of other hours the filter lets through.
        hours_.push_back({hour, is_counted, verdicts.outliers != 0});
      }
    }
    return absl::OkStatus();
  }

  // Opens an hour as it was when the question began; none if it was dropped since.
  absl::StatusOr<std::optional<BlockStore::Reader>> Open(Hour hour, ColumnMask mask) {
    const ReaderLock lock(state_.mutex);
    is_dropped_ = is_dropped_ || hour < state_.blocks.first_hour();
    if (is_dropped_) {
      return std::optional<BlockStore::Reader>();
    }
    ASSIGN_OR_RETURN(auto reader, state_.blocks.OpenHours(hour, hour + 1, up_to_, mask));
    return std::optional<BlockStore::Reader>(std::move(reader));
  }

  bool IsWanted(const Block& block, size_t row) {
    return answer_.range.Contains(block.calls.time_us[row]) && filter_->Matches(block, row);
  }

  // Counts the hours that the rollups do not answer for.
  absl::Status CountPartly() {
    for (HourToRead& hour : hours_) {
      if (!hour.is_counted) {
        RETURN_IF_ERROR(CountHour(&hour));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CountHour(HourToRead* hour) {
    const ColumnMask mask = Columns(ColumnId::kSeries, ColumnId::kFlags) | filter_->columns();
    ASSIGN_OR_RETURN(auto reader, Open(hour->hour, mask));
    Verdicts counted;
    while (reader.has_value()) {
      RETURN_IF_ERROR(CheckNotCancelled(cancellation_));
      ASSIGN_OR_RETURN(const std::optional<Block> block, reader->Next());
      if (!block.has_value()) {
        break;
      }
      for (size_t row = 0; row < block->calls.size(); ++row) {
        if (IsWanted(*block, row)) {
          counted.Add(block->calls.flags[row], block->calls.weight[row]);
        }
      }
    }
    Count(counted);
    hour->has_outliers = counted.outliers != 0;
    return absl::OkStatus();
  }

  // Calls visit(block, row) for each outlier of the hour that stands and is asked for. The lock is
  // held for the rows of a block, but not while blocks are read.
  template <typename Visit>
  absl::Status VisitOutliers(Hour hour, Visit visit) {
    ASSIGN_OR_RETURN(auto reader, Open(hour, Columns(ColumnId::kFlags)));
    std::vector<Block> blocks;
    while (reader.has_value()) {
      RETURN_IF_ERROR(CheckNotCancelled(cancellation_));
      ASSIGN_OR_RETURN(std::optional<Block> block, reader->NextChosen(OutlierRows));
      if (!block.has_value()) {
        break;
      }
      blocks.push_back(*std::move(block));
    }
    const std::vector<RowRef> standing = NetRows(blocks);
    for (auto ref = standing.begin(); ref != standing.end();) {
      const Block& block = blocks[ref->block];
      const ReaderLock lock(state_.mutex);
      for (; ref != standing.end() && &blocks[ref->block] == &block; ++ref) {
        if (IsWanted(block, ref->row)) {
          visit(block, ref->row);
        }
      }
    }
    return absl::OkStatus();
  }

  BilledCall CallAt(const Block& block, size_t row) {
    BilledCall call = ToBilledCall(block.calls, row, state_.catalog);
    call.unsurfaced = endings_->IsUnused(block, row);
    return call;
  }

  absl::Status FindNewest() {
    size_t bytes = 0;
    for (const HourToRead& hour : hours_) {
      if (answer_.calls.size() >= limit_ || bytes >= kAnswerBytesMax) {
        break;
      }
      if (hour.has_outliers) {
        std::vector<BilledCall> found;
        RETURN_IF_ERROR(VisitOutliers(hour.hour, [&](const Block& block, size_t row) {
          found.push_back(CallAt(block, row));
        }));
        AddNewest(std::move(found), &bytes);
      }
    }
    return absl::OkStatus();
  }

  // Adds as many calls of an hour as there is room for in an answer.
  void AddNewest(std::vector<BilledCall> calls, size_t* bytes) {
    std::sort(calls.begin(), calls.end(), [](const BilledCall& a, const BilledCall& b) {
      return a.call.time_us != b.call.time_us ? a.call.time_us > b.call.time_us
                                              : a.call.event_id < b.call.event_id;
    });
    for (BilledCall& call : calls) {
      if (answer_.calls.size() >= limit_ || *bytes >= kAnswerBytesMax) {
        return;
      }
      *bytes += BytesOf(call);
      answer_.calls.push_back(std::move(call));
    }
  }

  absl::Status FindDearest() {
    DearestCalls dearest(limit_, kAnswerBytesMax);
    Picos excess = 0;
    for (const HourToRead& hour : hours_) {
      if (hour.has_outliers) {
        RETURN_IF_ERROR(VisitOutliers(hour.hour, [&](const Block& block, size_t row) {
          const CallRows& calls = block.calls;
          const int64_t cost = calls.cost_picos[row];
          const int64_t p50 = calls.p50_picos.empty() ? 0 : calls.p50_picos[row];
          excess += Picos{cost} - Picos{p50} * kOutlierMultiple;
          if (dearest.HasPlaceFor(cost)) {
            dearest.Add(CallAt(block, row));
          }
        }));
      }
    }
    answer_.calls = dearest.Take();
    answer_.excess = excess;
    return absl::OkStatus();
  }

  const State& state_;
  const OutliersQuery& query_;
  const Cancellation* const cancellation_;
  const size_t limit_;
  OutliersAnswer answer_;
  std::optional<RowFilter> filter_;
  std::optional<EndingsOfRows> endings_;
  BlockSequence up_to_ = 0;        // The last block there was when the question began.
  std::vector<HourToRead> hours_;  // The newest first.
  bool is_dropped_ = false;
};

}  // namespace

absl::StatusOr<OutliersAnswer> AnswerOutliers(const QueryContext& context,
                                              const OutliersQuery& query,
                                              const Cancellation* cancellation) {
  while (true) {
    OutlierSearch search(context.state, query, cancellation);
    ASSIGN_OR_RETURN(std::optional<OutliersAnswer> answer, search.Find());
    if (answer.has_value()) {
      return *std::move(answer);
    }
  }
}

}  // namespace itemized
