// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/retention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// Time goes on by at most this long after the newest call: a clock alone makes no call old.
constexpr int64_t kQuietMaxUs = 2 * kMicrosPerDay;

// A step holds up ingestion for as long as it takes.
constexpr size_t kRunsPerStep = 2'000;
constexpr size_t kNotesPerStep = 10'000;

// Returns the UTC midnight at or before the instant `retain_us` ago; 0 if everything is kept.
Hour FirstHour(int64_t now_us, int64_t retain_us) {
  const int64_t oldest_us = now_us - retain_us;
  return retain_us == 0 || oldest_us <= kTimeMinUs ? Hour() : FirstHourOf(DayOf(oldest_us));
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

// Returns the present, but no later than kQuietMaxUs after the newest call.
int64_t Retention::NowUs() const {
  return std::min(state_.trusted.NowUs(), state_.views.latest_call_us() + kQuietMaxUs);
}

Hour Retention::EventsTarget() const {
  return FirstHour(NowUs(), events_us_);
}

// Returns no hour after the first hour of events, since a run may still change rows of the hours
// that its events are in.
Hour Retention::RollupsTarget() const {
  return std::min(FirstHour(NowUs(), rollups_us_), state_.blocks.first_hour());
}

absl::Status Retention::Begin() {
  if (EventsTarget() > state_.blocks.first_hour()) {
    RETURN_IF_ERROR(BeginEvents());
  }
  return RollupsTarget() > state_.views.first_hour() ? DropRollups() : absl::OkStatus();
}

absl::Status Retention::Commit(Entry entry) {
  return state_.Commit(&entry, StagedRuns(&state_.views.runs(), &state_.mutex));
}

absl::Status Retention::DropRollups() {
  Entry entry;
  entry.views_first_hour = RollupsTarget();
  return Commit(std::move(entry));
}

absl::Status Retention::BeginEvents() {
  next_run_.clear();
  runs_are_done_ = false;
  next_note_.clear();
  notes_are_done_ = false;
  Entry entry;
  entry.events_first_hour = EventsFirstHour{.hour = EventsTarget(), .is_dropping = true};
  RETURN_IF_ERROR(Commit(std::move(entry)));
  PassFailpoint(Failpoint::kDropBegun);
  return absl::OkStatus();
}

absl::Status Retention::Step() {
  if (!runs_are_done_) {
    return DropRuns();
  }
  if (!notes_are_done_) {
    return DropNotes();
  }
  has_kept_calls_ = false;
  ASSIGN_OR_RETURN(const bool is_done, state_.blocks.DropSome());
  PassFailpoint(Failpoint::kBlocksDropped);
  const Hour first_hour = state_.blocks.first_hour();
  RETURN_IF_ERROR(state_.log->Trim(state_.views.checkpointed().entry, first_hour));
  if (!is_done) {
    return absl::OkStatus();
  }
  Entry entry;
  entry.events_first_hour = EventsFirstHour{.hour = first_hour, .is_dropping = false};
  return Commit(std::move(entry));
}

absl::Status Retention::DropNotes() {
  const Hour first_hour = state_.blocks.first_hour();
  Entry entry;
  std::string last;
  auto rows = state_.kv->Scan(Family::kNotes, next_note_, "");
  for (size_t i = 0; i < kNotesPerStep && rows->Valid(); ++i, rows->Next()) {
    ASSIGN_OR_RETURN(const Note note, ReadNoteRow(rows->key(), rows->value()));
    last = note.key;
    if (HourOf(note.time_us) < first_hour) {
      entry.notes_dropped.push_back(note.key);
    }
  }
  RETURN_IF_ERROR(rows->status());
  if (!entry.notes_dropped.empty()) {
    RETURN_IF_ERROR(Commit(std::move(entry)));
  }
  notes_are_done_ = !rows->Valid();
  next_note_ = last + '\0';
  return absl::OkStatus();
}

absl::StatusOr<std::string> Retention::LookAtRuns(Entry* entry) const {
  const Hour first_hour = state_.blocks.first_hour();
  std::string last;
  auto rows = state_.kv->Scan(Family::kRuns, next_run_, keys::kRunsWatermark);
  for (size_t i = 0; i < kRunsPerStep && rows->Valid(); ++i, rows->Next()) {
    last = std::string(rows->key());
    const auto visit = [&](const Run& run) {
      if (LiesBefore(run, first_hour)) {
        entry->runs_dropped.push_back(last);
      } else if (!run.keeps_calls() && ReachesBefore(run, first_hour)) {
        entry->runs_kept.push_back(last);
      }
    };
    RETURN_IF_ERROR(state_.views.runs().Visit(last, visit).status());
  }
  RETURN_IF_ERROR(rows->status());
  return rows->Valid() ? last + '\0' : "";
}

// Drops the next runs that lie wholly before the first hour; what they added to the outcomes stays.
// Runs that go on after it keep all they know of their calls.
absl::Status Retention::DropRuns() {
  Entry entry;
  ASSIGN_OR_RETURN(std::string next, LookAtRuns(&entry));
  if (!entry.runs_dropped.empty() || !entry.runs_kept.empty()) {
    StagedRuns staged(&state_.views.runs(), &state_.mutex);
    for (const std::string& name : entry.runs_kept) {
      RETURN_IF_ERROR(staged.Keep(name));
    }
    RETURN_IF_ERROR(staged.LoadCalls());
    RETURN_IF_ERROR(state_.Commit(&entry, staged));
  }
  PassFailpoint(Failpoint::kRunsDropped);
  has_kept_calls_ = has_kept_calls_ || !entry.runs_kept.empty();
  runs_are_done_ = next.empty();
  next_run_ = std::move(next);
  return absl::OkStatus();
}

}  // namespace itemized
