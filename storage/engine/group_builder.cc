#include "storage/engine/group_builder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

Refusal Refuse(uint32_t index, RefusalCode code, std::string message) {
  return {.index = index, .code = code, .message = std::move(message)};
}

// An adding that fails keeps `*sum` as it is.
bool AddInto(int64_t* sum, int64_t value) {
  int64_t result = 0;
  if (__builtin_add_overflow(*sum, value, &result)) {
    return false;
  }
  *sum = result;
  return true;
}

// Below half of what fits, no number of calls that a queue could hold overflows.
bool IsRoomy(const CallSums& total) {
  return std::all_of(total.usage.counts.begin(), total.usage.counts.end(),
                     [](int64_t count) { return count < INT64_MAX / 2; });
}

std::optional<Refusal> CheckCompletion(const Completion& completion, uint32_t index,
                                       int64_t latest_us) {
  auto reason = CheckText("workflow_id", completion.workflow_id, true);
  if (!reason) {
    reason = CheckText("workflow", completion.workflow, false);
  }
  if (!reason) {
    reason = CheckTime(completion.time_us, latest_us);
  }
  const int outcome = static_cast<int>(completion.outcome);
  if (!reason && (outcome < 1 || outcome >= kOutcomeCount)) {
    reason.emplace(RefusalCode::kInvalidEnum,
                   "the outcome is missing or unknown; use completed, failed, short_circuited or "
                   "abandoned");
  }
  if (!reason && completion.unused_steps.size() > kUnusedStepsMax) {
    reason.emplace(RefusalCode::kMalformed,
                   absl::StrCat("the completion names ", completion.unused_steps.size(),
                                " unused steps; send at most ", kUnusedStepsMax));
  }
  for (const std::string& step : completion.unused_steps) {
    if (!reason) {
      reason = CheckText("an unused step", step, true);
    }
  }
  if (!reason) {
    return std::nullopt;
  }
  return Refuse(index, reason->first, std::move(reason->second));
}

}  // namespace

GroupBuilder::GroupBuilder(State* state, RateFinder* rates, size_t events)
    : state_(*state),
      rates_(*rates),
      latest_us_(state->clock->NowUs() + kFutureMaxUs),
      total_(state->views.rollups().total()),
      is_roomy_(IsRoomy(total_)) {
  ids_.reserve(events);
}

NameId GroupBuilder::InternName(NameKind kind, absl::string_view name) {
  const NameId found = state_.catalog.Find(kind, name);
  if (found != Catalog::kUnknown) {
    return found;
  }
  const WriterLock lock(state_.mutex);
  return state_.catalog.Intern(kind, name);
}

SeriesId GroupBuilder::InternSeries(const SeriesKey& key) {
  const SeriesId found = state_.catalog.Find(key);
  if (found != Catalog::kUnknown) {
    return found;
  }
  const WriterLock lock(state_.mutex);
  return state_.catalog.Intern(key);
}

GroupBuilder::Names GroupBuilder::NamesOf(const BatchReader& reader, const CallView& call) {
  SeriesKey key;
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    const uint32_t name = call.names[kind];
    if (name == BatchReader::kEmptyName) {
      continue;
    }
    NameId& id = name_ids_[kind][name];
    if (id == Catalog::kUnknown) {
      id = InternName(static_cast<NameKind>(kind), reader.Text(name));
    }
    key.names[kind] = id;
  }
  const SeriesId series = InternSeries(key);
  return {.series = series,
          .step = key[NameKind::kStep],
          .schedule = &rates_.Find(series, reader.Text(call.NameOf(NameKind::kProvider)),
                                   reader.Text(call.NameOf(NameKind::kModel)))};
}

absl::StatusOr<GroupBuilder::RunState*> GroupBuilder::RunOf(const BatchReader& reader,
                                                            uint32_t name) {
  RunState*& known = batch_runs_[name];
  if (known == nullptr) {
    const absl::string_view workflow_id = reader.Text(name);
    const auto [it, inserted] =
        run_indices_.try_emplace(workflow_id, static_cast<uint32_t>(runs_.size()));
    if (inserted) {
      ASSIGN_OR_RETURN(const Run* stored, state_.views.runs().Stage(workflow_id));
      runs_.push_back({.run = {.workflow_id = workflow_id, .index = it->second},
                       .stored = stored});
    }
    known = &runs_[it->second];
  }
  return known;
}

// No total of any view is above that of the store, so these are all that can
// overflow. Costs are summed in 128 bits, which calls cannot fill.
bool GroupBuilder::FitsTotals(const CallView& call) {
  if (is_roomy_) {
    return true;
  }
  CallSums sums = total_;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (!AddInto(&sums.usage.counts[c], call.usage.counts[c])) {
      return false;
    }
  }
  total_ = sums;
  return true;
}

absl::Status GroupBuilder::AddCall(const BatchReader& reader, const CallView& call, uint32_t index,
                                   BatchResult* result) {
  const EventFingerprint fingerprint = FingerprintOf(call.event_id);
  ASSIGN_OR_RETURN(RunState* const run, RunOf(reader, call.workflow_id));
  const GroupEventId id{.run = run->run.index, .fingerprint = fingerprint};
  if (fingerprint != 0) {
    if ((run->stored != nullptr && run->stored->Knows(fingerprint)) || ids_.contains(id)) {
      ++result->duplicate;
      return absl::OkStatus();
    }
  }
  const Names names = NamesOf(reader, call);
  bool too_large = false;
  const CallCost cost =
      PriceCall(*names.schedule, call.time_us, call.usage, call.usage_missing, &too_large);
  if (too_large) {
    result->refusals.push_back(
        Refuse(index, RefusalCode::kCostOutOfRange,
               "the call would cost more than 9,223,372 USD; check its token counts and the rate"));
    return absl::OkStatus();
  }
  if (!FitsTotals(call)) {
    result->refusals.push_back(
        Refuse(index, RefusalCode::kTotalOverflow,
               "a token total of the store would exceed 2^63; check the token counts"));
    return absl::OkStatus();
  }
  if (fingerprint != 0) {
    ids_.insert(id);
  }
  blocks_.Add(reader, call, &run->run, names.series, cost,
              state_.views.baselines().ThresholdOf(names.step));
  ++result->accepted;
  return absl::OkStatus();
}

// False if `row` says no more than the completion in force does.
absl::StatusOr<bool> GroupBuilder::Supersedes(const CompletionRow& row) {
  const RunCompletion completion{.time_us = row.time_us,
                                 .workflow = row.workflow,
                                 .outcome = row.outcome,
                                 .unused_steps = row.unused_steps};
  const auto pending = completions_.find(row.run_name);
  if (pending == completions_.end()) {
    ASSIGN_OR_RETURN(const Run* stored, state_.views.runs().Stage(row.run_name));
    if (stored != nullptr && stored->completion().has_value()) {
      if (*stored->completion() == completion) {
        return false;
      }
      if (completion.time_us < stored->completion()->time_us) {
        return true;
      }
    }
    completions_.emplace(row.run_name, completion);
    return true;
  }
  if (pending->second == completion) {
    return false;
  }
  if (completion.time_us >= pending->second.time_us) {
    pending->second = completion;
  }
  return true;
}

absl::Status GroupBuilder::AddCompletion(const Completion& completion, uint32_t index,
                                         BatchResult* result) {
  if (auto refusal = CheckCompletion(completion, index, latest_us_)) {
    result->refusals.push_back(*std::move(refusal));
    return absl::OkStatus();
  }
  CompletionRow row{.time_us = completion.time_us,
                    .run_name = completion.workflow_id,
                    .workflow = InternName(NameKind::kWorkflow, completion.workflow),
                    .outcome = completion.outcome,
                    .unused_steps = {}};
  for (const std::string& step : completion.unused_steps) {
    row.unused_steps.push_back(InternName(NameKind::kStep, step));
  }
  std::sort(row.unused_steps.begin(), row.unused_steps.end());
  row.unused_steps.erase(std::unique(row.unused_steps.begin(), row.unused_steps.end()),
                         row.unused_steps.end());
  ASSIGN_OR_RETURN(const bool supersedes, Supersedes(row));
  if (!supersedes) {
    ++result->duplicate;
    return absl::OkStatus();
  }
  blocks_.Add(std::move(row));
  ++result->accepted;
  return absl::OkStatus();
}

absl::StatusOr<BatchResult> GroupBuilder::Add(const EventBatch& batch) {
  BatchResult result;
  BatchReader reader(batch.calls, latest_us_);
  if (batch.size() > kBatchEventsMax) {
    const std::string message = absl::StrCat("the batch has ", batch.size(),
                                             " events; send at most ", kBatchEventsMax);
    for (uint32_t i = 0; i < batch.size(); ++i) {
      result.refusals.push_back(Refuse(i, RefusalCode::kBatchTooLarge, message));
    }
    return result;
  }
  batch_runs_.assign(reader.strings(), nullptr);
  for (auto& ids : name_ids_) {
    ids.assign(reader.strings(), Catalog::kUnknown);
  }
  CallView call;
  for (uint32_t i = 0; i < batch.calls.size(); ++i) {
    auto refusal = reader.malformed() ? reader.malformed() : reader.Next(&call);
    if (refusal) {
      result.refusals.push_back(Refuse(i, refusal->code, std::move(refusal->message)));
      continue;
    }
    RETURN_IF_ERROR(AddCall(reader, call, i, &result));
  }
  for (size_t i = 0; i < batch.completions.size(); ++i) {
    const uint32_t index = static_cast<uint32_t>(batch.calls.size() + i);
    RETURN_IF_ERROR(AddCompletion(batch.completions[i], index, &result));
  }
  return result;
}

}  // namespace itemized
