// SPDX-License-Identifier: Apache-2.0
#include "storage/store/trusted_clock.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

constexpr int64_t kSaveEveryUs = kMicrosPerHour;

}  // namespace

int64_t SystemSteadyMicros() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * kMicrosPerSecond + now.tv_nsec / 1'000;
}

TrustedClock::TrustedClock(const Clock* clock, SteadyMicros steady)
    : clock_(*clock), steady_(std::move(steady)) {}

absl::Status TrustedClock::Load(const Kv& kv, int64_t newest_call_us, bool accept) {
  const int64_t now_us = clock_.NowUs();
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, keys::kTrustedTime));
  uint64_t saved_us = 0;
  absl::string_view rest = row.has_value() ? absl::string_view(*row) : "";
  if (row.has_value() && (!ReadVarint(&rest, &saved_us) || !rest.empty())) {
    return absl::DataLossError(
        "The store is damaged: the instant it was left at cannot be read. Restore the data "
        "directory from a backup.");
  }
  saved_us_ = row.has_value() ? static_cast<int64_t>(saved_us) : newest_call_us;
  // An empty store says 0. Any clock is believed there, since nothing can be lost.
  const bool is_believed = accept || saved_us_ == 0 || now_us - saved_us_ <= kOffMaxUs;
  base_us_ = is_believed ? now_us : saved_us_;
  base_steady_us_ = steady_();
  return absl::OkStatus();
}

int64_t TrustedClock::LatestUs() const {
  return base_us_ + (steady_() - base_steady_us_);
}

int64_t TrustedClock::NowUs() const {
  return std::min(clock_.NowUs(), LatestUs());
}

std::optional<int64_t> TrustedClock::AheadUs() const {
  const int64_t ahead_us = clock_.NowUs() - LatestUs();
  return ahead_us > kAheadMaxUs ? std::optional(ahead_us) : std::nullopt;
}

absl::Status TrustedClock::Save(Kv* kv) {
  const int64_t now_us = NowUs();
  if (now_us < saved_us_ + kSaveEveryUs) {
    return absl::OkStatus();
  }
  std::string row;
  AppendVarint(&row, static_cast<uint64_t>(now_us));
  KvBatch batch;
  batch.Put(Family::kMeta, keys::kTrustedTime, std::move(row));
  RETURN_IF_ERROR(kv->Write(batch, /*sync=*/false));
  saved_us_ = now_us;
  return absl::OkStatus();
}

}  // namespace itemized
