// SPDX-License-Identifier: Apache-2.0
#pragma once

// A progress bar in one line of a terminal.

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/time.h"

#include "client/cli/table.h"

namespace itemized::cli {

struct ProgressState {
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // 0 if it is not known.
  int64_t events = 0;
  absl::Duration elapsed;
};

// Returns "[=====>    ] 45%  850,000 events/s  12 s left" in fewer than `width` columns.
std::string ProgressLine(const ProgressState& state, size_t width);

// Draws that line over and over, but nothing before half a second has passed. Not thread-safe.
class ProgressBar {
 public:
  // `out` is a terminal and outlives the bar.
  ProgressBar(std::ostream& out, const Canvas& canvas) : out_(out), canvas_(canvas) {}
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Update(const ProgressState& state);
  void Clear();

 private:
  std::ostream& out_;
  const Canvas canvas_;
  bool drawn_ = false;
};

}  // namespace itemized::cli
