// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/retention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// How long no call may come while days go by; longer, and they wait for one.
constexpr int64_t kQuietMaxUs = 2 * kMicrosPerDay;

constexpr size_t kRunsPerStep = 2'000;  // A step holds up ingestion for as long as it takes.

// The midnight before the last `retain_us`.
Hour FirstHour(int64_t now_us, int64_t retain_us) {
  const int64_t oldest_us = now_us - retain_us;
  return retain_us == 0 || oldest_us <= kTimeMinUs ? 0 : FirstHourOf(DayOf(oldest_us));
}

bool LiesBefore(const Run& run, Hour first_hour) {
  const auto is_before = [&](const BlockRef& ref) { return ref.hour < first_hour; };
  return std::all_of(run.blocks().begin(), run.blocks().end(), is_before) &&
         (!run.completion().has_value() || HourOf(run.completion()->time_us) < first_hour);
}

bool ReachesBefore(const Run& run, Hour first_hour) {
  const auto is_before = [&](const BlockRef& ref) { return ref.hour < first_hour; };
  return std::any_of(run.blocks().begin(), run.blocks().end(), is_before);
}

}  // namespace

// No clock says that calls are old of which no newer ones have come.
int64_t Retention::NowUs() const {
  return std::min(state_.trusted.NowUs(), state_.views.latest_call_us() + kQuietMaxUs);
}

Hour Retention::EventsTarget() const {
  return FirstHour(NowUs(), events_us_);
}

// A run may still change rows of the hours of its events.
Hour Retention::RollupsTarget() const {
  return std::min(FirstHour(NowUs(), rollups_us_), state_.log.first_hour());
}

absl::Status Retention::Begin() {
  if (EventsTarget() > state_.log.first_hour()) {
    RETURN_IF_ERROR(BeginEvents());
  }
  return RollupsTarget() > state_.views.first_hour() ? DropRollups() : absl::OkStatus();
}

absl::Status Retention::DropRollups() {
  ASSIGN_OR_RETURN(Views::Kept kept, state_.views.DropBefore(RollupsTarget(), state_.kv.get()));
  const WriterLock lock(state_.mutex);
  state_.views.Replace(std::move(kept));
  return absl::OkStatus();
}

absl::Status Retention::BeginEvents() {
  next_run_.clear();
  runs_are_done_ = false;
  const Hour target = EventsTarget();
  RETURN_IF_ERROR(state_.log.SaveFirstHour(target, /*dropping=*/true));
  PassFailpoint(Failpoint::kDropBegun);
  const WriterLock lock(state_.mutex);
  state_.log.SetFirstHour(target, /*dropping=*/true);
  return absl::OkStatus();
}

absl::Status Retention::Step() {
  if (!runs_are_done_) {
    return DropRuns();
  }
  has_kept_calls_ = false;
  ASSIGN_OR_RETURN(const bool is_done, state_.log.DropSome());
  PassFailpoint(Failpoint::kBlocksDropped);
  if (is_done) {
    const Hour first_hour = state_.log.first_hour();
    RETURN_IF_ERROR(state_.log.SaveFirstHour(first_hour, /*dropping=*/false));
    const WriterLock lock(state_.mutex);
    state_.log.SetFirstHour(first_hour, /*dropping=*/false);
  }
  return absl::OkStatus();
}

// A run that goes on after the first hour keeps all it knows of its calls. What a
// dropped one added to the outcomes stays there.
absl::Status Retention::DropRuns() {
  const Hour first_hour = state_.log.first_hour();
  std::vector<std::string> names;
  auto rows = state_.kv->Scan(Family::kRuns, next_run_, "");
  for (; rows->Valid() && names.size() < kRunsPerStep; rows->Next()) {
    names.emplace_back(rows->key());
  }
  RETURN_IF_ERROR(rows->status());
  const bool is_last = !rows->Valid();
  KvBatch batch;
  std::vector<std::string> dropped;
  std::vector<std::string> kept;
  for (const std::string& name : names) {
    const auto visit = [&](const Run& run) {
      if (LiesBefore(run, first_hour)) {
        batch.Delete(Family::kRuns, name);
        dropped.push_back(name);
      } else if (!run.keeps_calls() && ReachesBefore(run, first_hour)) {
        kept.push_back(name);
      }
    };
    RETURN_IF_ERROR(state_.views.runs().Visit(name, visit).status());
  }
  RETURN_IF_ERROR(state_.kv->Write(batch, /*sync=*/false));
  PassFailpoint(Failpoint::kRunsDropped);
  {
    const WriterLock lock(state_.mutex);
    for (const std::string& name : dropped) {
      state_.views.runs().Forget(name);
    }
  }
  RETURN_IF_ERROR(KeepCalls(kept));
  runs_are_done_ = is_last;
  next_run_ = is_last ? "" : names.back() + '\0';
  return absl::OkStatus();
}

absl::Status Retention::KeepCalls(const std::vector<std::string>& names) {
  StagedRuns staged(&state_.views.runs(), &state_.mutex);
  std::vector<RunEntry*> entries;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(entries.emplace_back(), staged.Find(name));
    staged.NeedCalls(entries.back());
  }
  has_kept_calls_ = has_kept_calls_ || !entries.empty();
  RETURN_IF_ERROR(staged.LoadCalls());
  const WriterLock lock(state_.mutex);
  state_.views.runs().KeepCalls(entries);
  return absl::OkStatus();
}

}  // namespace itemized
