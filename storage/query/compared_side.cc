// SPDX-License-Identifier: Apache-2.0
#include "storage/query/compared_side.h"

#include <algorithm>
#include <numeric>

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/attribution.h"
#include "storage/query/queries.h"
#include "storage/runs/run_hash.h"

namespace itemized {
namespace {

constexpr size_t Index(UsageClass c) {
  return static_cast<size_t>(c);
}

// What of a run's name a side counts: the run, and as which workflow.
using RunOfWorkflow = std::pair<RunHash, NameId>;

// The usage of a call in the middle. What calls use at all is not rounded away.
Usage UsualUsage(const CallSums& sums) {
  Usage usual;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    usual.counts[c] = (sums.usage.counts[c] + sums.calls - 1) / sums.calls;
  }
  return usual;
}

// Adds what the list says that the units of a day cost, by class.
void AddListCosts(const RateSchedule& rates, Day day, const CallSums& sums,
                  ComparedSide::Units* list) {
  const Terms terms = rates.TermsAt(DayStartUs(day) + kMicrosPerDay / 2);
  if (!terms.is_priced() || sums.calls <= 0) {
    return;
  }
  const std::vector<BilledLine> lines = LinesOf(terms, UsualUsage(sums));
  const bool reasoning_apart = std::any_of(lines.begin(), lines.end(), [](const auto& line) {
    return line.price_class == Index(UsageClass::kReasoning);
  });
  for (const BilledLine& line : lines) {
    Picos count =
        line.price_class == kRequestPrice ? sums.calls : sums.usage.counts[line.price_class];
    if (line.price_class == Index(UsageClass::kOutput) && reasoning_apart) {
      count -= sums.usage[UsageClass::kReasoning];
    }
    const size_t billed_in = line.price_class == Index(UsageClass::kReasoning)
                                 ? Index(UsageClass::kOutput)
                                 : line.price_class;
    (*list)[billed_in] += count * line.price.value_or(0);
  }
}

// How the classes share the cost of calls that no rate prices.
ComparedSide::Units WithoutList(const CallSums& sums) {
  ComparedSide::Units weights = ComparedSide::UnitsOf(sums);
  weights[Index(UsageClass::kWebSearches)] = 0;
  weights[kRequestPrice] = 0;
  if (std::all_of(weights.begin(), weights.end(), [](Picos weight) { return weight == 0; })) {
    weights[kRequestPrice] = 1;
  }
  return weights;
}

bool IsEmpty(const ComparedSide::Units& units) {
  return std::all_of(units.begin(), units.end(), [](Picos unit) { return unit == 0; });
}

}  // namespace

// Adds up the rows of the log, by series and day.
class ComparedSide::Worker : public FilteringWorker {
 public:
  // `state` outlives it.
  Worker(RowFilter filter, const State& state, NameKind by)
      : FilteringWorker(std::move(filter)), state_(state), by_(by) {}

  void Add(const Block& picked) override {
    const CallRows& calls = picked.calls;
    const RowSums sums(calls);
    const Day day = DayOf(HourStartUs(picked.ref.hour));
    std::vector<RunHash> runs;
    for (const absl::string_view run : calls.run_names) {
      runs.push_back(HashRun(run));
    }
    const ReaderLock lock(state_.mutex);
    for (size_t row = 0; row < calls.size(); ++row) {
      const SeriesKey& key = state_.catalog.Series(calls.SeriesAt(row));
      const int64_t weight = calls.weight[row];
      sums.AddTo(&days_[{key, day}], row, weight);
      TotalsOf(key[by_], &durations_).duration.Add(calls.duration_us[row], weight);
      if (!calls.RunName(row).empty()) {
        runs_[{runs[calls.run[row]], key[NameKind::kWorkflow]}] += weight;
      }
    }
  }

  void MergeInto(Worker* other) const {
    for (const auto& [key, sums] : days_) {
      other->days_[key].Merge(sums);
    }
    for (const auto& [run, calls] : runs_) {
      other->runs_[run] += calls;
    }
    for (NameId name; name.value() < durations_.size(); ++name) {
      TotalsOf(name, &other->durations_).duration.Merge(durations_[name.value()].duration);
    }
  }

  SumsByDay days_;
  absl::flat_hash_map<RunOfWorkflow, int64_t> runs_;  // How many calls each has.
  CallTotalsByName durations_;

 private:
  const State& state_;
  const NameKind by_;
};

ComparedSide::ComparedSide(const QueryContext& context, const CompareSide& side, NameKind by,
                           TimeRange range)
    : context_(&context), side_(&side), by_(by), range_(range) {
  rates_->SetBook(context.state.rates.book());
}
ComparedSide::ComparedSide(ComparedSide&&) noexcept = default;
ComparedSide& ComparedSide::operator=(ComparedSide&&) noexcept = default;
ComparedSide::~ComparedSide() = default;

ComparedSide::Units ComparedSide::UnitsOf(const CallSums& sums) {
  Units units{};
  std::copy(sums.usage.counts.begin(), sums.usage.counts.end(), units.begin());
  units[Index(UsageClass::kReasoning)] = 0;
  units[kRequestPrice] = sums.calls;
  return units;
}

absl::StatusOr<ComparedSide> ComparedSide::Open(const QueryContext& context,
                                                const Snapshot& snapshot, const CompareSide& side,
                                                TimeRange range, NameKind by,
                                                const Cancellation* cancellation) {
  ComparedSide compared(context, side, by, range);
  // Models group, since sums of series are wanted, and steps have none in partial days.
  CallSource source(
      context, snapshot,
      {.range = range, .filter = side.filter, .by = GroupBy::kModel, .by_utc_day = true},
      side.filter.attributes.empty() ? 0 : Columns(ColumnId::kRun, ColumnId::kRunNames),
      cancellation);
  RETURN_IF_ERROR(source.needs_log() ? compared.OpenLog(snapshot, source)
                                     : compared.ReadRollups(snapshot, &source));
  return compared;
}

absl::Status ComparedSide::OpenLog(const Snapshot& snapshot, const CallSource& source) {
  ASSIGN_OR_RETURN(LogScan log, source.OpenLog(snapshot, source.filter()));
  log_ = std::make_unique<LogScan>(std::move(log));
  for (size_t thread = 0; thread < kThreadsOfAJob; ++thread) {
    workers_.push_back(std::make_unique<Worker>(source.filter(), context_->state, by_));
  }
  return absl::OkStatus();
}

absl::Status ComparedSide::ReadRollups(const Snapshot& snapshot, CallSource* source) {
  const Catalog& catalog = snapshot.state.catalog;
  return source->VisitSums(
      snapshot,
      [&](const SeriesKey& key, int64_t start_us, const CallSums& sums) {
        AddDay(key, DayOf(start_us), sums);
      },
      [&](const LogRow& row) {
        row.sums.AddTo(&days_[{catalog.Series(row.series()), DayOf(row.time_us())}], row.row,
                       row.weight());
      });
}

absl::Status ComparedSide::Read(const Cancellation* cancellation) {
  RETURN_IF_ERROR(log_ != nullptr ? ReadLog(cancellation) : AskViews(cancellation));
  {
    const ReaderLock lock(context_->state.mutex);
    for (const auto& [series_day, sums] : days_) {
      AddDay(series_day.first, series_day.second, sums);
    }
  }
  ShareOutCosts();
  return absl::OkStatus();
}

absl::Status ComparedSide::ReadLog(const Cancellation* cancellation) {
  std::vector<ScanWorker*> workers;
  for (const auto& worker : workers_) {
    workers.push_back(worker.get());
  }
  RETURN_IF_ERROR(std::move(*log_).Read(workers, cancellation));
  Worker& all = *workers_.front();
  for (size_t i = 1; i < workers_.size(); ++i) {
    workers_[i]->MergeInto(&all);
  }
  days_ = std::move(all.days_);
  for (const auto& [run, calls] : all.runs_) {
    runs_[run.second] += calls > 0 ? 1 : 0;
  }
  const ReaderLock lock(context_->state.mutex);
  for (NameId name; name.value() < all.durations_.size(); ++name) {
    const Histogram& durations = all.durations_[name.value()].duration;
    durations_[context_->state.catalog.Name(by_, name)] = {durations.Quantile(0.5),
                                                           durations.Quantile(0.95)};
  }
  return absl::OkStatus();
}

// Takes runs and durations from the questions that have them at hand. They may have a commit more
// than the sums; neither is added up with these.
absl::Status ComparedSide::AskViews(const Cancellation* cancellation) {
  const Window window = Window::Of(range_);
  constexpr GroupBy kGroups[] = {GroupBy::kStep, GroupBy::kWorkflow, GroupBy::kProvider,
                                 GroupBy::kModel};
  const TopQuery top = {
      .window = window, .by = kGroups[static_cast<size_t>(by_)], .filter = side_->filter};
  ASSIGN_OR_RETURN(const TopAnswer ranking, AnswerTop(*context_, top, cancellation));
  for (const TopRow& row : ranking.rows) {
    durations_[row.key] = {row.p50_duration_us, row.p95_duration_us};
  }
  ASSIGN_OR_RETURN(const WorkflowsAnswer workflows,
                   AnswerWorkflows(*context_, window, cancellation));
  const ReaderLock lock(context_->state.mutex);
  for (const WorkflowRow& row : workflows.rows) {
    const NameId name = context_->state.catalog.Find(NameKind::kWorkflow, row.workflow);
    runs_[name] = std::accumulate(std::begin(row.runs), std::end(row.runs), int64_t{0});
  }
  return absl::OkStatus();
}

// Adds what a series has of a day, of which all is known. The lock of the state is held.
void ComparedSide::AddDay(const SeriesKey& key, Day day, const CallSums& sums) {
  const Catalog& catalog = context_->state.catalog;
  RateLookups::SchedulePtr& schedule = schedules_[key];
  if (schedule == nullptr) {
    schedule = rates_->Find(catalog.Name(NameKind::kProvider, key[NameKind::kProvider]),
                            catalog.Name(NameKind::kModel, key[NameKind::kModel]), {});
  }
  Series& series = series_[key];
  series.sums.Merge(sums);
  AddListCosts(*schedule, day, sums, &series.cost);
}

void ComparedSide::ShareOutCosts() {
  for (auto& [key, series] : series_) {
    const Units weights = IsEmpty(series.cost) ? WithoutList(series.sums) : series.cost;
    const std::vector<Picos> shares = ShareOut(series.sums.cost, weights);
    std::copy(shares.begin(), shares.end(), series.cost.begin());
  }
}

int64_t ComparedSide::RunsOf(NameId workflow) const {
  const auto found = runs_.find(workflow);
  return found == runs_.end() ? 0 : found->second;
}

void ComparedSide::SetDurations(const std::string& key, ComparedCalls* calls) const {
  const auto found = durations_.find(key);
  if (found != durations_.end() && calls->calls != 0) {
    calls->p50_duration_us = found->second.first;
    calls->p95_duration_us = found->second.second;
  }
}

}  // namespace itemized
