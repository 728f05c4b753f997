// SPDX-License-Identifier: Apache-2.0
#include "proto/text/window.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "storage/base/time.h"

namespace itemized::text {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNowUs = 1'793'491'200'000'000;  // 2026-11-01T00:00:00Z

absl::StatusOr<v1::WindowSpec> Resolve(const WindowArguments& arguments) {
  return ToWindowSpec(arguments, *FindZone(arguments.tz), kNowUs);
}

TEST(Window, IsTheLast30DaysUnlessToldOtherwise) {
  EXPECT_EQ(Resolve({})->last_us(), 30 * kMicrosPerDay);
  EXPECT_EQ(Resolve({.window = "36h"})->last_us(), 36 * kMicrosPerHour);
}

TEST(Window, StartsAndEndsAtDatesOfTheZone) {
  const v1::WindowSpec spec =
      *Resolve({.from = "2026-10-25", .to = "2026-10-26", .tz = "Europe/Berlin"});
  EXPECT_EQ(spec.last_us(), 0);
  EXPECT_EQ(spec.end_unix_us() - spec.start_unix_us(), 25 * kMicrosPerHour);  // Clocks go back.
}

TEST(Window, EndsNowWithoutAnEnd) {
  const v1::WindowSpec spec = *Resolve({.from = "2026-10-31T12:00:00Z"});
  EXPECT_EQ(spec.start_unix_us(), kNowUs - 12 * kMicrosPerHour);
  EXPECT_EQ(spec.end_unix_us(), kNowUs);
}

TEST(Window, SaysWhatIsWrongWithTheOptions) {
  const auto error = [](const WindowArguments& arguments) {
    return std::string(Resolve(arguments).status().message());
  };
  EXPECT_THAT(error({.to = "2026-10-01"}), HasSubstr("--to needs --from"));
  EXPECT_THAT(error({.window = "1d", .from = "2026-10-01"}), HasSubstr("exclude each other"));
  EXPECT_THAT(error({.window = "soon"}), HasSubstr("--window must be a length"));
  EXPECT_THAT(error({.from = "soon"}), HasSubstr("--from must be a date"));
  EXPECT_THAT(error({.from = "2026-10-02", .to = "2026-10-02"}), HasSubstr("--to must be after"));
  EXPECT_THAT(error({.from = "2027-01-01"}), HasSubstr("in the future"));
  EXPECT_EQ(ToWindowSpec({.to = "2026-10-01"}, absl::UTCTimeZone(), kNowUs, "").status().message(),
            "to needs from: say where the window starts.");
  EXPECT_THAT(std::string(FindZone("Mars/Olympus").status().message()), HasSubstr("IANA name"));
}

}  // namespace
}  // namespace itemized::text
