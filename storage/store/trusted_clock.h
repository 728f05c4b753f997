// SPDX-License-Identifier: Apache-2.0
#pragma once

// A clock for what cannot be undone: dropping what is too old, forgetting producers. It goes no
// faster than time does, whatever the machine's clock says.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"

#include "storage/base/time.h"
#include "storage/kv/kv.h"

namespace itemized {

// Returns microseconds that only go on, also while the machine sleeps.
using SteadyMicros = std::function<int64_t()>;
int64_t SystemSteadyMicros();

// The machine's clock, as far as it is believed. It goes on with the steady clock from where an
// earlier process left it in the store, and so never runs ahead of time that has gone by. If the
// machine's clock is more than kOffMaxUs ahead when the store is opened, this one stays where it
// was left until somebody accepts the other. A machine's clock that is behind is believed.
// Thread-safe but for Load and Save, which only the committer's thread calls.
class TrustedClock : public Clock {
 public:
  static constexpr int64_t kOffMaxUs = 7 * kMicrosPerDay;
  // How far the machine's clock may be ahead before AheadUs says so.
  static constexpr int64_t kAheadMaxUs = kMicrosPerHour;

  // Does not own `clock`.
  TrustedClock(const Clock* clock, SteadyMicros steady);

  // Begins at the instant that the store has in its row `t`; without that row at the instant of its
  // newest call, 0 if it has none. If `accept`, the machine's clock is believed whatever it says.
  // DATA_LOSS if the row is malformed.
  absl::Status Load(const Kv& kv, int64_t newest_call_us, bool accept);

  int64_t NowUs() const override;

  // Returns how far the machine's clock is ahead of what is believed, if that is worth telling.
  std::optional<int64_t> AheadUs() const;

  // Writes the present instant to the store, once an hour.
  absl::Status Save(Kv* kv);

 private:
  int64_t LatestUs() const;

  const Clock& clock_;
  const SteadyMicros steady_;
  int64_t base_us_ = 0;         // The instant believed at Load,
  int64_t base_steady_us_ = 0;  // and what the steady clock said then.
  int64_t saved_us_ = 0;        // The instant in the store.
};

}  // namespace itemized
