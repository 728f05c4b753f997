// SPDX-License-Identifier: Apache-2.0
#include "client/cli/progress.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "client/cli/text.h"

namespace itemized::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

ProgressState Halfway(absl::Duration elapsed) {
  return {.bytes_done = 500, .bytes_total = 1000, .events = 24'000, .elapsed = elapsed};
}

TEST(Progress, ShowsShareSpeedAndTimeLeft) {
  EXPECT_EQ(ProgressLine(Halfway(absl::Seconds(12)), 100),
            "[============>           ]  50%  2,000 events/s  12 s left");
  EXPECT_THAT(ProgressLine(Halfway(absl::Seconds(90)), 100), EndsWith("2 min left"));
}

TEST(Progress, DoesWithoutATotal) {
  ProgressState state = Halfway(absl::Seconds(12));
  state.bytes_total = 0;
  EXPECT_EQ(ProgressLine(state, 100), "24,000 events  2,000 events/s");
}

TEST(Progress, FitsAnyWidth) {
  for (size_t width = 20; width < 120; ++width) {
    EXPECT_LT(DisplayWidth(ProgressLine(Halfway(absl::Seconds(12)), width)), width);
  }
}

TEST(Progress, IsQuietForHalfASecondAndClearsUp) {
  std::ostringstream out;
  {
    ProgressBar bar(out, {.width = 80});
    bar.Update(Halfway(absl::Milliseconds(499)));
    EXPECT_EQ(out.str(), "");
    bar.Update(Halfway(absl::Milliseconds(500)));
    EXPECT_THAT(out.str(), HasSubstr("50%"));
  }
  EXPECT_THAT(out.str(), EndsWith("\r\x1b[K"));
}

}  // namespace
}  // namespace itemized::cli
