// SPDX-License-Identifier: Apache-2.0
#pragma once

// The instant by which what cannot be undone is done: dropping what is too old, forgetting
// producers. It goes no faster than time does, whatever the machine's clock says.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"

#include "storage/base/time.h"
#include "storage/kv/kv.h"

namespace itemized {

// Microseconds that only go on, also while the machine sleeps.
using SteadyMicros = std::function<int64_t()>;
int64_t SystemSteadyMicros();

// The machine's clock, as far as it is believed: it goes on with the steady clock from where
// an earlier process left it in the store. After a longer gap than a server is off without
// anybody caring (kOffMaxUs) it waits there to be accepted. One that is behind is believed.
// Thread-safe but for Load and Save, which are the committer's.
class TrustedClock : public Clock {
 public:
  static constexpr int64_t kOffMaxUs = 7 * kMicrosPerDay;
  // What the machine's clock may be ahead before that is told.
  static constexpr int64_t kAheadMaxUs = kMicrosPerHour;

  // Does not own `clock`.
  TrustedClock(const Clock* clock, SteadyMicros steady);

  // Begins where the store was left; in one that says nothing of it, with the newest of its
  // calls, or 0. With `accept` the machine's clock is right. DATA_LOSS if malformed.
  absl::Status Load(const Kv& kv, int64_t newest_call_us, bool accept);

  int64_t NowUs() const override;

  // How far the machine's clock is ahead of what is believed, if that is worth telling.
  std::optional<int64_t> AheadUs() const;

  // Writes it down once an hour.
  absl::Status Save(Kv* kv);

 private:
  int64_t LatestUs() const;

  const Clock& clock_;
  const SteadyMicros steady_;
  int64_t base_us_ = 0;         // Believed when the steady clock said
  int64_t base_steady_us_ = 0;  // this. Not changed after Load.
  int64_t saved_us_ = 0;
};

}  // namespace itemized
