// SPDX-License-Identifier: Apache-2.0
#include "client/cli/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "client/cli/format.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

constexpr absl::Duration kQuiet = absl::Milliseconds(500);
constexpr size_t kBarWidth = 24;

std::string TimeLeft(double share, absl::Duration elapsed) {
  if (share <= 0) {
    return "";
  }
  const double seconds = absl::ToDoubleSeconds(elapsed) * (1 - share) / share;
  const int64_t whole = std::llround(std::ceil(seconds));
  if (whole < 60) {
    return absl::StrFormat("  %d s left", whole);
  }
  return absl::StrFormat("  %s min left", Count((whole + 59) / 60));
}

}  // namespace

std::string ProgressLine(const ProgressState& state, size_t width) {
  const double seconds = std::max(absl::ToDoubleSeconds(state.elapsed), 1e-3);
  const double rate = static_cast<double>(state.events) / seconds;
  const std::string speed = absl::StrCat(Count(std::llround(rate)), " events/s");
  if (state.bytes_total == 0) {
    return ShortenMiddle(absl::StrCat(Count(state.events), " events  ", speed), width - 1);
  }
  const double share =
      std::min(1.0, static_cast<double>(state.bytes_done) / static_cast<double>(state.bytes_total));
  const auto full = static_cast<size_t>(share * static_cast<double>(kBarWidth));
  std::string bar(full, '=');
  bar += full < kBarWidth ? ">" : "";
  bar.resize(kBarWidth, ' ');
  const std::string figures = absl::StrFormat("%3.0f%%  %s%s", std::floor(share * 100), speed,
                                              TimeLeft(share, state.elapsed));
  const std::string line = absl::StrCat("[", bar, "] ", figures);
  return DisplayWidth(line) < width ? line : ShortenMiddle(figures, width - 1);
}

void ProgressBar::Update(const ProgressState& state) {
  if (state.elapsed < kQuiet) {
    return;
  }
  out_ << "\r" << ProgressLine(state, canvas_.width) << "\x1b[K" << std::flush;
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (drawn_) {
    out_ << "\r\x1b[K" << std::flush;
    drawn_ = false;
  }
}

}  // namespace itemized::cli
