// SPDX-License-Identifier: Apache-2.0
#include "storage/ingest/group_builder.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"
#include "storage/runs/run_blocks.h"

namespace itemized {
namespace {

Refusal Refuse(uint32_t index, RefusalCode code, std::string message) {
  return {.index = index, .code = code, .message = std::move(message)};
}

// How many calls pass through one stage together. Their cache misses then overlap, and what is
// noted of them still fits the cache.
constexpr size_t kCallsAtOnce = 256;

// Counts a call whose id is stored already, which stays as it is.
void CountKnown(const CheckedCall& checked, bool is_same, size_t calls, BatchResult* result) {
  if (is_same) {
    ++result->duplicate;
    return;
  }
  AddRefusal(
      Refuse(checked.view.row, RefusalCode::kConflict,
             absl::StrCat("Another call of this run is stored under the event_id ",
                          Quoted(checked.view.event_id),
                          " with other content, and stays. Give each call an id of its own.")),
      calls, result);
}

// Returns false and leaves `*sum` as it is if the sum would overflow.
bool AddInto(int64_t* sum, int64_t value) {
  int64_t result = 0;
  if (__builtin_add_overflow(*sum, value, &result)) {
    return false;
  }
  *sum = result;
  return true;
}

// Whether all totals are below half of what fits: no number of calls that a queue could hold makes
// them overflow.
bool IsRoomy(const CallSums& total) {
  return std::all_of(total.usage.counts.begin(), total.usage.counts.end(),
                     [](int64_t count) { return count < INT64_MAX / 2; });
}

}  // namespace

GroupBuilder::GroupBuilder(State* state, size_t events)
    : state_(*state),
      pricer_(&state->rates, state->catalog, state->trusted_costs),
      staged_(&state->views.runs(), &state->mutex),
      blocks_(events),
      total_(state->views.rollups().total()),
      is_roomy_(IsRoomy(total_)),
      first_us_(HourStartUs(state->blocks.first_hour())),
      late_us_(state->clock->NowUs() - kLateAfterUs) {}

absl::StatusOr<GroupBuilder::RunState*> GroupBuilder::RunOf(absl::string_view workflow_id) {
  const auto [it, inserted] =
      run_indices_.try_emplace(workflow_id, static_cast<uint32_t>(runs_.size()));
  if (inserted) {
    ASSIGN_OR_RETURN(RunEntry* const entry, staged_.Find(workflow_id));
    RunState& run = runs_.emplace_back();
    run.run = {.entry = entry, .index = it->second};
    run.completion = entry->run.completion();
  }
  return &runs_[it->second];
}

// No total of any view is above that of the store, so only the store's can overflow. Costs are
// summed in 128 bits, which calls cannot fill.
bool GroupBuilder::FitsTotals(const Usage& usage) {
  if (is_roomy_) {
    return true;
  }
  CallSums sums = total_;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (!AddInto(&sums.usage.counts[c], usage.counts[c])) {
      return false;
    }
  }
  total_ = sums;
  return true;
}

bool GroupBuilder::IsKnown(const NamedCall& named, const PendingCall& call, BatchResult* result) {
  const CheckedCall& checked = *named.checked;
  RunEntry* const entry = named.run->run.entry;
  const RunCall* const stored = entry->run.Find(checked.fingerprint);
  const Relation relation = RelationOf(named, stored);
  if (relation == Relation::kOutdated) {
    ++result->duplicate;
    return true;
  }
  if (relation == Relation::kTooOld) {
    AddRefusal(RefuseTooOld(checked.view.row, stored->time_us), call.batch->batch.calls.size(),
               result);
    return true;
  }
  const bool is_stored = relation == Relation::kSameRevision;
  if (is_stored && stored->brief) {
    unresolved_.push_back({.checked = &checked, .run = entry, .content = call.Content()});
    return true;
  }
  if (is_stored) {
    CountKnown(checked, stored->content == call.Content(), call.batch->batch.calls.size(), result);
    return true;
  }
  const PendingCall* const taken = named.run->calls.Find(checked.fingerprint);
  if (taken != nullptr) {
    const bool is_same = taken->view->event_id == checked.view.event_id;
    CountKnown(checked, is_same && taken->Content() == call.Content(),
               call.batch->batch.calls.size(), result);
  }
  return taken != nullptr;
}

// A stored call of the same content has the same time, so only blocks of that hour are read.
absl::Status GroupBuilder::Resolve(const CheckedBatch& batch, BatchResult* result) {
  RunBlocks blocks;
  for (const Unresolved& call : unresolved_) {
    for (const BlockRef& ref : call.run->run.blocks()) {
      if (ref.hour == HourOf(call.checked->view.time_us)) {
        blocks.Add(call.run->workflow_id, {&ref, 1});
      }
    }
  }
  absl::flat_hash_set<std::tuple<std::string, std::string, CallContent, uint32_t>> stored;
  RETURN_IF_ERROR(blocks.Read(state_.blocks, [&](const Block& block) {
    const RowContents contents(block.calls);
    for (size_t row = 0; row < block.calls.size(); ++row) {
      stored.emplace(block.calls.RunName(row), block.calls.EventId(row), contents.Of(row),
                     block.calls.RevisionAt(row));
    }
    return absl::OkStatus();
  }));
  for (const Unresolved& call : unresolved_) {
    const bool is_same =
        stored.contains(std::tuple(call.run->workflow_id, std::string(call.checked->view.event_id),
                                   call.content, call.checked->view.revision));
    CountKnown(*call.checked, is_same, batch.batch.calls.size(), result);
  }
  unresolved_.clear();
  return absl::OkStatus();
}

// Finds the run of each call, and refuses calls that are too old.
absl::Status GroupBuilder::FindRuns(const CheckedBatch& batch, absl::Span<const CheckedCall> calls,
                                    BatchResult* result) {
  for (const CheckedCall& checked : calls) {
    const CallView& call = checked.view;
    if (call.time_us < first_us_) {
      AddRefusal(RefuseTooOld(call.row, call.time_us), batch.batch.calls.size(), result);
      continue;
    }
    RunState*& run = batch_runs_[call.workflow_id];
    if (run == nullptr) {
      ASSIGN_OR_RETURN(run, RunOf(batch.Text(call.workflow_id)));
    }
    named_.push_back({.checked = &checked, .run = run});
  }
  return absl::OkStatus();
}

CallCost GroupBuilder::PriceOf(const CheckedBatch& batch, const NamedCall& named,
                               const Usage& usage, bool* too_large) const {
  const CallView& call = named.checked->view;
  if (call.reported_cost != 0) {
    const absl::string_view provider = batch.Text(call.NameOf(NameKind::kProvider));
    if (const auto reported = pricer_.ReportedCost(provider, call.reported_cost - 1)) {
      return *reported;
    }
  }
  return call.usage_missing ? Pricer::WithoutUsage(call.status, call.usage_unknown)
                            : Pricer::Price(*named.schedule, call.time_us, usage, too_large);
}

void GroupBuilder::AddCall(const CheckedBatch& batch, NamedCall* named, BatchResult* result) {
  const CallView& call = named->checked->view;
  if (named->series == Catalog::kUnknownSeries) {
    FindNames(batch, named);  // An earlier call of the batch may have brought them.
  }
  PendingCall group_call{.batch = &batch, .view = &call, .series = named->series};
  const bool has_id = named->checked->fingerprint != 0;
  if (has_id && IsKnown(*named, group_call, result)) {
    return;
  }
  const Usage usage = batch.UsageOf(call);
  bool too_large = false;
  const CallCost cost = PriceOf(batch, *named, usage, &too_large);
  if (too_large) {
    AddRefusal(
        Refuse(call.row, RefusalCode::kCostOutOfRange,
               "The call would cost more than 9,223,372 USD; check its token counts and the rate."),
        batch.batch.calls.size(), result);
    return;
  }
  if (!FitsTotals(usage)) {
    AddRefusal(Refuse(call.row, RefusalCode::kTotalOverflow,
                      "A token total of the store would exceed 2^63; check the token counts."),
               batch.batch.calls.size(), result);
    return;
  }
  if (named->series == Catalog::kUnknownSeries) {
    NumberNames(batch, named);
    group_call.series = named->series;
  }
  if (has_id) {
    named->run->calls.Add(named->checked->fingerprint, group_call);
    TakeOutReplaced(*named);
  }
  priced_.push_back({.checked = named->checked,
                     .run = &named->run->run,
                     .threshold = &state_.views.baselines().ThresholdOf(named->step),
                     .series = named->series,
                     .cost = cost,
                     .has_other_model = HasOtherModel(batch, *named)});
  ++accepted_.calls;
  accepted_.late_calls += call.time_us < late_us_ ? 1 : 0;
  ++result->accepted;
}

absl::Status GroupBuilder::AddCalls(const CheckedBatch& batch, absl::Span<const CheckedCall> calls,
                                    BatchResult* result) {
  named_.clear();
  priced_.clear();
  RETURN_IF_ERROR(FindRuns(batch, calls, result));
  for (NamedCall& call : named_) {
    FindNames(batch, &call);
  }
  for (NamedCall& call : named_) {
    AddCall(batch, &call, result);
  }
  blocks_.Add(batch, priced_);
  return absl::OkStatus();
}

Refusal GroupBuilder::RefuseTooOld(uint32_t index, int64_t time_us) const {
  return Refuse(
      index, RefusalCode::kTooOld,
      absl::StrCat(
          "The time ", FormatTime(time_us), " is before ", FormatTime(first_us_),
          "; older events have been dropped, so duplicates of them can no longer be detected."));
}

absl::Status GroupBuilder::AddCompletion(const CheckedBatch& batch, uint32_t place,
                                         BatchResult* result) {
  const Completion& completion = batch.batch.completions[place];
  const size_t calls = batch.batch.calls.size();
  const auto index = static_cast<uint32_t>(calls + place);
  if (completion.time_us < first_us_) {
    AddRefusal(RefuseTooOld(index, completion.time_us), calls, result);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(RunState* const run, RunOf(completion.workflow_id));
  RunCompletion row = RowOf(completion);
  const bool is_void =
      completion.takes_back && (!run->completion.has_value() || run->completion->time_us > row.time_us);
  if (run->completion == row || is_void) {  // It says no more than the one in force.
    ++result->duplicate;
    return absl::OkStatus();
  }
  if (row.workflow == Catalog::kUnknown) {
    const WriterLock lock(state_.mutex);
    row.workflow = state_.catalog.Intern(NameKind::kWorkflow, completion.workflow);
  }
  if (!row.unused_steps.empty()) {
    staged_.NeedCalls(run->run.entry);
  }
  blocks_.Add({.time_us = row.time_us,
               .run = 0,
               .workflow = row.workflow,
               .outcome = row.outcome,
               .unused_steps = row.unused_steps},
              &run->run);
  if (completion.takes_back) {
    run->completion.reset();
  } else if (!run->completion.has_value() || row.time_us >= run->completion->time_us) {
    run->completion = std::move(row);
  }
  ++accepted_.completions;
  ++result->accepted;
  return absl::OkStatus();
}

absl::StatusOr<BatchResult> GroupBuilder::Add(const CheckedBatch& batch) {
  BatchResult result = batch.refused;
  const size_t strings = batch.batch.calls.strings.size();
  batch_runs_.assign(strings, nullptr);
  for (auto& ids : name_ids_) {
    ids.assign(strings, Catalog::kUnknown);
  }
  for (size_t done = 0; done < batch.calls.size(); done += kCallsAtOnce) {
    const auto calls = absl::MakeConstSpan(batch.calls).subspan(done, kCallsAtOnce);
    RETURN_IF_ERROR(AddCalls(batch, calls, &result));
  }
  for (const uint32_t place : batch.completions) {
    RETURN_IF_ERROR(AddCompletion(batch, place, &result));
  }
  if (!unresolved_.empty()) {
    RETURN_IF_ERROR(Resolve(batch, &result));
  }
  RETURN_IF_ERROR(staged_.LoadCalls());
  return result;
}

}  // namespace itemized
