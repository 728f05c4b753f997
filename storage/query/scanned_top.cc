// SPDX-License-Identifier: Apache-2.0
#include "storage/query/scanned_top.h"

#include <utility>

#include "absl/strings/string_view.h"

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/endings_of_rows.h"

namespace itemized {
namespace {

// Gathers what all calls of a ranking by attribute come to, if the rollups know: those without the
// attribute are what the others leave, so that the log is read for the others alone.
absl::StatusOr<std::optional<ScannedGroup>> GatherAll(const QueryContext& context,
                                                      const Snapshot& snapshot,
                                                      const TopQuery& query, TimeRange range,
                                                      const Cancellation* cancellation) {
  const bool is_known = query.filter.empty() || query.filter.has_step_only();
  if (query.by != GroupBy::kAttribute || !is_known) {
    return std::nullopt;
  }
  NamesWanted names{.kind = NameKind::kModel};  // There are few of them.
  if (!query.filter.empty()) {
    names = {.kind = NameKind::kStep, .only = StepsOf(query.filter, snapshot.state.catalog).only};
  }
  ScannedGroup all;
  ASSIGN_OR_RETURN(const CallTotalsByName calls, GatherCalls(snapshot, range, names, cancellation));
  for (const CallTotals& totals : calls) {
    all.calls.Merge(totals);
  }
  ASSIGN_OR_RETURN(const std::vector<Picos> unsurfaced,
                   GatherUnsurfaced(context, snapshot, range, names, cancellation));
  for (NameId name; name.value() < unsurfaced.size(); ++name) {
    all.unsurfaced += names.Contains(name) ? unsurfaced[name.value()] : 0;
  }
  return all;
}

}  // namespace

// One thread's part of a ranking that is made by reading the log.
class ScannedTop::Worker : public FilteringWorker {
 public:
  // Made under the lock of the state, as are those of `filter`. `source` and `keys` outlive it.
  Worker(const State& state, const CallSource& source, RowFilter filter, AdmittedKeys* keys)
      : FilteringWorker(std::move(filter)),
        state_(state),
        keys_(source.keys()),
        admitted_(*keys),
        endings_(state) {}

  void Add(const Block& picked) override {
    FindGroups(picked);
    AddRows(picked.calls, rows_, /*with_sums=*/true);
  }

  const ScannedGroups& groups() const { return groups_; }

 private:
  // Names of the rows are told under the lock.
  void FindGroups(const Block& block) {
    const RowSums sums(block.calls);
    rows_.clear();
    if (keys_.is_attribute()) {
      by_number_.clear();
    }
    const ReaderLock lock(state_.mutex);
    for (uint32_t i = 0; i < block.calls.size(); ++i) {
      const LogRow row = {.block = block, .row = i, .sums = sums};
      ScannedGroup& group = GroupFor(row);
      rows_.emplace_back(i, &group.calls);
      if (endings_.IsUnused(block, i)) {
        group.unsurfaced += row.cost();
      }
    }
  }

  ScannedGroup& GroupFor(const LogRow& row) {
    const uint32_t number = keys_.NumberOf(row);
    if (number >= by_number_.size()) {
      by_number_.resize(number + 1);
    }
    if (by_number_[number] == nullptr) {
      by_number_[number] = &GroupNamed(keys_.KeyOf(row));
    }
    return *by_number_[number];
  }

  ScannedGroup& GroupNamed(absl::string_view key) {
    const auto found = groups_.find(key);
    return found != groups_.end() ? found->second : groups_[admitted_.Admit(key)];
  }

  const State& state_;
  const RowKeys& keys_;
  AdmittedKeys& admitted_;
  EndingsOfRows endings_;
  ScannedGroups groups_;
  std::vector<RowOfTotals> rows_;         // Those of the block at hand.
  std::vector<ScannedGroup*> by_number_;  // The group of each number of RowKeys; null if not known.
};

ScannedTop::ScannedTop(LogScan log)
    : log_(std::move(log)), keys_(std::make_unique<AdmittedKeys>()) {}
ScannedTop::ScannedTop(ScannedTop&&) noexcept = default;
ScannedTop& ScannedTop::operator=(ScannedTop&&) noexcept = default;
ScannedTop::~ScannedTop() = default;

absl::StatusOr<ScannedTop> ScannedTop::Open(const QueryContext& context, const Snapshot& snapshot,
                                            const TopQuery& query, const CallSource& source,
                                            const Cancellation* cancellation) {
  RowFilter filter = source.filter();
  ASSIGN_OR_RETURN(std::optional<ScannedGroup> all,
                   GatherAll(context, snapshot, query, source.range(), cancellation));
  if (all.has_value()) {
    filter.RequireAttribute(query.attribute_key);
  }
  ASSIGN_OR_RETURN(LogScan log, source.OpenLog(snapshot, filter));
  ScannedTop top(std::move(log));
  top.all_ = std::move(all);
  for (size_t thread = 0; thread < kThreadsOfAJob; ++thread) {
    top.workers_.push_back(
        std::make_unique<Worker>(snapshot.state, source, filter, top.keys_.get()));
  }
  return top;
}

absl::StatusOr<ScannedGroups> ScannedTop::Read(const Cancellation* cancellation) && {
  std::vector<ScanWorker*> workers;
  for (const auto& worker : workers_) {
    workers.push_back(worker.get());
  }
  RETURN_IF_ERROR(std::move(log_).Read(workers, cancellation));
  ScannedGroups groups;
  for (const auto& worker : workers_) {
    for (const auto& [key, group] : worker->groups()) {
      ScannedGroup& to = groups[key];
      to.calls.Merge(group.calls);
      to.unsurfaced += group.unsurfaced;
    }
  }
  AddRest(&groups);
  return groups;
}

// Adds the calls without the attribute, which are what the others leave of all.
void ScannedTop::AddRest(ScannedGroups* groups) {
  if (!all_.has_value()) {
    return;
  }
  for (const auto& [key, group] : *groups) {
    all_->calls.Subtract(group.calls);
    all_->unsurfaced -= group.unsurfaced;
  }
  (*groups)[""] = *std::move(all_);
}

}  // namespace itemized
