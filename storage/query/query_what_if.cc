// SPDX-License-Identifier: Apache-2.0
// What the calls of a window would have cost under changes.

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/call_source.h"
#include "storage/query/queries.h"
#include "storage/query/what_if_plan.h"
#include "storage/query/what_if_sums.h"

namespace itemized {
namespace {

// One thread's part of a replay.
class Worker : public FilteringWorker {
 public:
  // Made under the lock of the state; all but the filter outlive it. `takes_all`: rows of all steps
  // come, and their costs are wanted.
  Worker(RowFilter filter, const WhatIfPlan& plan, size_t changes, RateLookups* rates,
         const State& state, bool takes_all)
      : FilteringWorker(std::move(filter)),
        plan_(plan),
        takes_all_(takes_all),
        replay_(plan.changes(), changes, rates, state),
        runs_(plan.steps().size(), state),
        sums_(plan) {}

  void Add(const Block& picked) override {
    rows_.clear();
    for (uint32_t row = 0; row < picked.calls.size(); ++row) {
      const uint32_t place = plan_.places()[picked.calls.series[row]];
      if (takes_all_) {
        AddCost(picked.calls, row, place);
      }
      if (place == WhatIfPlan::kNoStep) {
        continue;
      }
      const ChangedStep& step = plan_.steps()[place];
      if (!step.call_changes.empty()) {
        replay_.Add(picked, row, step.call_changes);
      }
      if (step.is_measured) {
        rows_.emplace_back(row, place);
      }
    }
    if (!rows_.empty()) {
      runs_.Add(picked, rows_);
    }
  }

  const WhatIfSums& sums() const { return sums_; }
  const std::vector<ChangeSums>& changes() const { return replay_.sums(); }
  std::vector<RunsOfStep>& runs() { return runs_.runs(); }

 private:
  void AddCost(const CallRows& calls, uint32_t row, uint32_t place) {
    const int64_t weight = calls.weight[row];
    const PlainSums sums{.calls = weight,
                         .unpriced_calls = calls.Has(row, kFlagUnpriced) ? weight : 0,
                         .cost = Picos(calls.cost_picos[row]) * weight};
    sums_.all.Add(sums);
    if (place != WhatIfPlan::kNoStep) {
      sums_.steps[place].Add(sums);
    }
  }

  const WhatIfPlan& plan_;
  const bool takes_all_;
  StepReplay replay_;
  StepRuns runs_;
  WhatIfSums sums_;
  std::vector<std::pair<uint32_t, size_t>> rows_;  // Those of the block whose runs are wanted.
};

// Adds the runs that another thread has found.
void Merge(const std::vector<RunsOfStep>& from, std::vector<RunsOfStep>* to) {
  for (size_t step = 0; step < from.size(); ++step) {
    for (const auto& [hash, run] : from[step]) {
      const auto [found, inserted] = (*to)[step].try_emplace(hash, run);
      if (!inserted) {
        found->second.calls += run.calls;
        found->second.is_unused |= run.is_unused;
      }
    }
  }
}

// Replays the calls of a question. Not thread-safe.
class Replay {
 public:
  // Finds what the rollups know and opens the log for the rest. `query` and `context` outlive it.
  static absl::StatusOr<Replay> Open(const QueryContext& context, const Snapshot& snapshot,
                                     const WhatIfQuery& query, const Cancellation* cancellation) {
    ASSIGN_OR_RETURN(WhatIfPlan plan, WhatIfPlan::Make(query, snapshot));
    Replay replay(snapshot.state, query, std::move(plan));
    ASSIGN_OR_RETURN(replay.range_, snapshot.Resolve(query.window));
    replay.recorded_ = RecordedPart(snapshot.state, replay.range_);
    CallSource source(context, snapshot,
                      {.range = replay.range_,
                       .filter = query.filter,
                       .by_utc_day = true,
                       .boundaries_us = {replay.range_.start_us, replay.range_.end_us}},
                      0, cancellation);
    if (!source.needs_log()) {
      RETURN_IF_ERROR(replay.AddSums(snapshot, source));
    }
    RETURN_IF_ERROR(replay.OpenLog(snapshot, source));
    return replay;
  }

  // Reads the log, once the snapshot has ended.
  absl::StatusOr<WhatIfAnswer> Answer(const Cancellation* cancellation) && {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    RETURN_IF_ERROR(ReadLog(cancellation));
    RETURN_IF_ERROR(plan_->changes().CheckRefused(sums_->changes));
    WhatIfAnswer answer;
    answer.range = range_;
    answer.recorded = recorded_;
    RETURN_IF_ERROR(
        Compose(*query_, *plan_, *sums_, recorded_.end_us - recorded_.start_us, &answer));
    return answer;
  }

 private:
  Replay(const State& state, const WhatIfQuery& query, WhatIfPlan plan)
      : state_(&state),
        query_(&query),
        plan_(std::make_unique<WhatIfPlan>(std::move(plan))),
        sums_(std::make_unique<WhatIfSums>(*plan_)),
        rates_(std::make_unique<RateLookups>()),
        log_(state) {
    rates_->SetBook(state.rates.book());
  }

  static TimeRange RecordedPart(const State& state, TimeRange range);

  absl::Status AddSums(const Snapshot& snapshot, CallSource& source) {
    const auto add = [&](const SeriesKey& key, const CallSums& sums) {
      sums_->all.Add(sums);
      if (const uint32_t place = plan_->PlaceOf(key[NameKind::kStep]);
          place != WhatIfPlan::kNoStep) {
        sums_->steps[place].Add(sums);
      }
    };
    return source.VisitSums(
        snapshot, [&](const SeriesKey& key, int64_t, const CallSums& sums) { add(key, sums); },
        [&](const LogRow& row) {
          CallSums sums;
          row.sums.AddTo(&sums, row.row, row.weight());
          add(snapshot.state.catalog.Series(row.series()), sums);
        });
  }

  absl::Status OpenLog(const Snapshot& snapshot, const CallSource& source) {
    const bool takes_all = source.needs_log();
    const std::vector<NameId> steps = plan_->StepsToRead();
    if (!takes_all && steps.empty()) {
      return absl::OkStatus();
    }
    RowFilter filter = source.filter();
    ScanColumns columns;
    if (takes_all) {
      columns.picked = Columns(ColumnId::kSeries, ColumnId::kCost, ColumnId::kFlags);
    } else {
      filter.RequireSteps(steps);
    }
    columns.shown = filter.columns();
    columns.picked |= plan_->prices() ? StepReplay::columns() : 0;
    columns.picked |= plan_->measures() ? StepRuns::kColumns : 0;
    RETURN_IF_ERROR(log_.Open(snapshot, range_, columns));
    if (plan_->measures()) {
      ASSIGN_OR_RETURN(completions_, Completions::Open(snapshot, range_));
    }
    for (size_t thread = 0; thread < kThreadsOfAJob; ++thread) {
      workers_.push_back(std::make_unique<Worker>(filter, *plan_, query_->changes.size(),
                                                  rates_.get(), *state_, takes_all));
    }
    return absl::OkStatus();
  }

  absl::Status ReadLog(const Cancellation* cancellation) {
    sums_->changes.resize(query_->changes.size());
    if (workers_.empty()) {
      return absl::OkStatus();
    }
    std::vector<ScanWorker*> workers;
    for (const auto& worker : workers_) {
      workers.push_back(worker.get());
    }
    RETURN_IF_ERROR(std::move(log_).Read(workers, cancellation));
    for (const auto& worker : workers_) {
      sums_->all.Add(worker->sums().all);
      for (size_t step = 0; step < sums_->steps.size(); ++step) {
        sums_->steps[step].Add(worker->sums().steps[step]);
      }
      for (size_t i = 0; i < sums_->changes.size(); ++i) {
        sums_->changes[i].Merge(worker->changes()[i]);
      }
    }
    return CountRuns(cancellation);
  }

  absl::Status CountRuns(const Cancellation* cancellation) {
    if (!completions_.has_value()) {
      return absl::OkStatus();
    }
    std::vector<RunsOfStep> runs = std::move(workers_.front()->runs());
    for (size_t i = 1; i < workers_.size(); ++i) {
      Merge(workers_[i]->runs(), &runs);
    }
    ASSIGN_OR_RETURN(sums_->runs, (*std::move(completions_)).Count(std::move(runs), cancellation));
    return absl::OkStatus();
  }

  const State* state_;
  const WhatIfQuery* query_;
  TimeRange range_;
  TimeRange recorded_;
  std::unique_ptr<WhatIfPlan> plan_;
  std::unique_ptr<WhatIfSums> sums_;
  std::unique_ptr<RateLookups> rates_;
  LogScan log_;
  std::optional<Completions> completions_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

// Returns the first hour of which there is a call; nothing if there is none.
std::optional<Hour> FirstHourWithCalls(const CallRollups& rollups) {
  std::optional<Hour> first;
  for (NameId step; step.value() < rollups.name_count(NameKind::kStep); ++step) {
    for (const auto& day : rollups.DaysOf(NameKind::kStep, step)) {
      const auto& hours = day.value.hours;
      const auto hour = std::find_if(hours.begin(), hours.end(),
                                     [](const auto& of_hour) { return of_hour.second.calls != 0; });
      if (hour != hours.end()) {
        const Hour found = FirstHourOf(day.bucket) + hour->first;
        first = first.has_value() ? std::min(*first, found) : found;
        break;
      }
    }
  }
  return first;
}

// What was before the first call, and what is still to come, says nothing of how many calls 30 days
// have. An hour at least is taken, or the whole of a shorter window.
TimeRange Replay::RecordedPart(const State& state, TimeRange range) {
  const std::optional<Hour> first = FirstHourWithCalls(state.views.rollups());
  TimeRange part = range;
  if (first.has_value() && HourStartUs(*first) < range.end_us) {
    part.start_us = std::max(range.start_us, HourStartUs(*first));
  }
  part.end_us = std::min(range.end_us, std::max(state.clock->NowUs(), part.start_us));
  const int64_t least_us = std::min(kMicrosPerHour, range.end_us - range.start_us);
  part.end_us = std::min(range.end_us, std::max(part.end_us, part.start_us + least_us));
  part.start_us = std::min(part.start_us, part.end_us - least_us);
  return part;
}

}  // namespace

absl::StatusOr<WhatIfAnswer> AnswerWhatIf(const QueryContext& context, const WhatIfQuery& query,
                                          const Cancellation* cancellation) {
  std::optional<Replay> replay;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(replay, Replay::Open(context, snapshot, query, cancellation));
  }
  return (*std::move(replay)).Answer(cancellation);
}

}  // namespace itemized
