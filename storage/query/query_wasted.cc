// SPDX-License-Identifier: Apache-2.0
// What was spent on calls of which no user got anything.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/admitted_keys.h"
#include "storage/query/log_scan.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"
#include "storage/query/wasted_calls.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

// About how many calls a thread remembers at a time, besides those of the hours around; an hour is
// not divided.
constexpr int64_t kCallsOfAPiece = 500'000;

// Divides the hours of `range` that have calls into pieces of about kCallsOfAPiece. The caller
// holds the lock of `state`.
absl::StatusOr<std::vector<TimeRange>> PiecesOf(const State& state, TimeRange range,
                                                const Cancellation* cancellation) {
  std::map<Hour, int64_t> calls;
  const auto add = [&](NameId, Day day, const NameDay& row) {
    for (const auto& [hour_of_day, sums] : row.hours) {
      calls[FirstHourOf(day) + hour_of_day] += sums.calls;
    }
  };
  RETURN_IF_ERROR(
      ForEachDay(state.views.rollups(), RollupScan().Touching(range), cancellation, add));
  std::vector<TimeRange> pieces;
  int64_t calls_of_piece = kCallsOfAPiece;
  for (const auto& [hour, count] : calls) {
    const TimeRange part{std::max(range.start_us, HourStartUs(hour)),
                         std::min(range.end_us, HourStartUs(hour + 1))};
    if (count == 0 || part.empty()) {
      continue;
    }
    if (calls_of_piece >= kCallsOfAPiece) {
      pieces.push_back(part);
      calls_of_piece = 0;
    }
    pieces.back().end_us = part.end_us;
    calls_of_piece += count;
  }
  return pieces;
}

CallFilter OfStepAlone(const CallFilter& filter) {
  CallFilter step;
  step[NameKind::kStep] = filter[NameKind::kStep];
  return step;
}

// Everything that reads the log for one question.
class WastedScan {
 public:
  // `query` outlives it.
  WastedScan(const State& state, const WastedQuery& query)
      : state_(state),
        query_(query),
        scope_(OfStepAlone(query.filter)),
        keys_(query.by, query.attribute_key, state.catalog) {}

  absl::Status Open(const Snapshot& snapshot, TimeRange range, const Cancellation* cancellation) {
    const RowFilter scope(scope_, state_.catalog);
    const RowFilter filter(query_.filter, state_.catalog);
    const ScanColumns columns = {
        .shown = scope.columns(),
        .picked = WastedCalls::columns() | filter.columns() | keys_.columns()};
    ASSIGN_OR_RETURN(const std::vector<TimeRange> pieces, PiecesOf(state_, range, cancellation));
    for (const TimeRange& piece : pieces) {
      RETURN_IF_ERROR(log_.OpenWithMargins(snapshot, piece, columns));
    }
    for (size_t thread = 0; thread < kThreadsOfAJob; ++thread) {
      workers_.push_back(std::make_unique<WastedCalls>(state_, scope, filter, keys_, &admitted_));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<WastedGroups> Read(const Cancellation* cancellation) {
    std::vector<ScanWorker*> workers;
    for (const auto& worker : workers_) {
      workers.push_back(worker.get());
    }
    RETURN_IF_ERROR(std::move(log_).Read(workers, cancellation));
    WastedGroups groups;
    for (const auto& worker : workers_) {
      for (const auto& [key, group] : worker->groups()) {
        groups[key].Merge(group);
      }
    }
    return groups;
  }

 private:
  const State& state_;
  const WastedQuery& query_;
  const CallFilter scope_;
  const RowKeys keys_;
  AdmittedKeys admitted_;
  LogScan log_{state_};
  std::vector<std::unique_ptr<WastedCalls>> workers_;
};

void AddSum(const WastedSum& from, WastedSum* to) {
  to->calls += from.calls;
  to->cost += from.cost;
}

void AddGroup(const std::string& key, const WastedGroup& group, WastedAnswer* answer) {
  answer->calls += group.calls;
  answer->unpriced_calls += group.unpriced_calls;
  answer->spend += group.spend;
  for (size_t reason = 0; reason < kWasteReasonCount; ++reason) {
    const WastedSum& wasted = group.wasted[reason];
    AddSum(wasted, &answer->wasted);
    AddSum(wasted, &answer->reasons[reason]);
    if (wasted.calls != 0) {
      answer->rows.push_back({.key = key,
                              .reason = static_cast<WasteReason>(reason),
                              .wasted = wasted,
                              .spend = group.spend});
    }
  }
}

}  // namespace

absl::StatusOr<WastedAnswer> AnswerWasted(const QueryContext& context, const WastedQuery& query,
                                          const Cancellation* cancellation) {
  WastedAnswer answer;
  std::optional<WastedScan> scan;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(answer.range, snapshot.Resolve(query.window));
    scan.emplace(context.state, query);
    RETURN_IF_ERROR(scan->Open(snapshot, answer.range, cancellation));
  }
  ASSIGN_OR_RETURN(const WastedGroups groups, scan->Read(cancellation));
  for (const auto& [key, group] : groups) {
    AddGroup(key, group, &answer);
  }
  std::sort(answer.rows.begin(), answer.rows.end(), [](const WastedRow& a, const WastedRow& b) {
    return a.wasted.cost != b.wasted.cost ? a.wasted.cost > b.wasted.cost
                                          : std::tie(a.key, a.reason) < std::tie(b.key, b.reason);
  });
  return answer;
}

}  // namespace itemized
