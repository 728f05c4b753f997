// SPDX-License-Identifier: Apache-2.0
// What the committer's thread does between groups.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/ingest/committer.h"

namespace itemized {
namespace {

// How long to wait after an attempt to drop what is too old has failed.
constexpr int64_t kRetainAgainUs = 60 * kMicrosPerSecond;

// How long to wait after an attempt to price calls again has failed: the first time, and at most.
// Each failure doubles it.
constexpr int64_t kRepriceAgainFirstUs = 50'000;
constexpr int64_t kRepriceAgainLastUs = 10 * kMicrosPerSecond;

// While events come in, they have so much time for the time that a step of pricing calls again
// takes.
constexpr int64_t kEventShare = 1;

}  // namespace

void Committer::CatchUpIfBehind() {
  if (state_.is_behind() && state_.CatchUp().ok()) {
    repricing_.Invalidate();  // The entry may have taken calls out that were read before it.
    repricing_.Resume();
  }
}

void Committer::WatchClock() {
  state_.trusted.Save(state_.kv.get()).IgnoreError();  // Tried again with the next group.
  const std::optional<int64_t> ahead_us = state_.trusted.AheadUs();
  if (ahead_us.has_value() && !clock_is_ahead_) {
    options_.warn(absl::StrCat(
        "The clock of this machine says ", FormatTime(state_.clock->NowUs()), ", which is ",
        *ahead_us / kMicrosPerHour, " hours after ", FormatTime(state_.trusted.NowUs()),
        ", up to where time has gone by for this store. Nothing is dropped or forgotten by that "
        "clock. If it is right, start the server once with --accept-clock."));
  }
  clock_is_ahead_ = ahead_us.has_value();
}

void Committer::RetainIfDue() {
  if (!state_.is_pinned() && options_.steady() >= retain_after_us_ &&
      (retention_.is_busy() || retention_.is_due()) && !Retain().ok()) {
    retain_after_us_ = options_.steady() + kRetainAgainUs;  // What was not dropped is dropped then.
  }
}

void Committer::RepriceIfBusy() {
  const int64_t begun_us = options_.steady();
  if (!repricing_.is_ready() || begun_us < reprice_after_us_) {
    return;
  }
  if (const absl::Status status = repricing_.Step(); !status.ok()) {
    repricing_.Fail(absl::UnavailableError(status.message()));
    reprice_wait_us_ = std::clamp(2 * reprice_wait_us_, kRepriceAgainFirstUs, kRepriceAgainLastUs);
    reprice_after_us_ = options_.steady() + reprice_wait_us_;
    return;
  }
  reprice_wait_us_ = 0;
  // Time is shared, not turns: a sender that waits for each answer would have one turn for a step.
  const int64_t now_us = options_.steady();
  const bool is_shared = std::exchange(has_taken_events_, false);
  reprice_after_us_ = is_shared ? now_us + kEventShare * (now_us - begun_us) : now_us;
}

absl::Status Committer::Retain() {
  if (retention_.is_due()) {
    RETURN_IF_ERROR(checkpointer_.WriteAll());
    return retention_.Begin();
  }
  if (retention_.needs_checkpoint()) {
    RETURN_IF_ERROR(checkpointer_.WriteAll());
  }
  return retention_.Step();
}

}  // namespace itemized
