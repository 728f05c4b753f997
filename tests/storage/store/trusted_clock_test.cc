// SPDX-License-Identifier: Apache-2.0
#include "storage/store/trusted_clock.h"

#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include <gtest/gtest.h>

#include "storage/kv/memory_kv.h"

namespace itemized {
namespace {

constexpr int64_t kStartUs = 20'000 * kMicrosPerDay;

struct SettableClock : public Clock {
  int64_t NowUs() const override { return now_us; }
  int64_t now_us = kStartUs;
};

class TrustedClockTest : public testing::Test {
 protected:
  // The clock that a process has which opens the store now.
  TrustedClock Open(int64_t newest_call_us = 0, bool accept = false) {
    TrustedClock clock(&machine_, [this] { return steady_us_; });
    const absl::Status status = clock.Load(kv_, newest_call_us, accept);
    EXPECT_TRUE(status.ok()) << status;
    return clock;
  }
  void Leave() { ASSERT_TRUE(Open().Save(&kv_).ok()); }
  // Time goes by, and the machine's clock goes on with it.
  void GoOn(int64_t us) {
    steady_us_ += us;
    machine_.now_us += us;
  }

  MemoryKv kv_;
  SettableClock machine_;
  int64_t steady_us_ = 12'345;
};

TEST_F(TrustedClockTest, GoesOnWithTime) {
  const TrustedClock clock = Open();
  EXPECT_EQ(clock.NowUs(), kStartUs);
  GoOn(kMicrosPerDay);
  EXPECT_EQ(clock.NowUs(), kStartUs + kMicrosPerDay);
  EXPECT_EQ(clock.AheadUs(), std::nullopt);
}

TEST_F(TrustedClockTest, DoesNotFollowAClockThatJumpsAhead) {
  const TrustedClock clock = Open();
  machine_.now_us += 2 * TrustedClock::kAheadMaxUs;
  EXPECT_EQ(clock.NowUs(), kStartUs);
  EXPECT_EQ(clock.AheadUs(), 2 * TrustedClock::kAheadMaxUs);
}

TEST_F(TrustedClockTest, BelievesAClockThatIsBehind) {
  const TrustedClock clock = Open();
  machine_.now_us -= kMicrosPerDay;
  EXPECT_EQ(clock.NowUs(), kStartUs - kMicrosPerDay);
}

TEST_F(TrustedClockTest, BelievesTheGapOfAServerThatWasOffAndNoLongerOne) {
  Leave();
  machine_.now_us = kStartUs + TrustedClock::kOffMaxUs;
  EXPECT_EQ(Open().NowUs(), machine_.now_us);
  ++machine_.now_us;
  EXPECT_EQ(Open().NowUs(), kStartUs);
  EXPECT_EQ(Open(0, /*accept=*/true).NowUs(), machine_.now_us);
}

TEST_F(TrustedClockTest, BeginsWithTheNewestCallInAStoreThatSaysNothing) {
  machine_.now_us = kStartUs + 2 * TrustedClock::kOffMaxUs;
  EXPECT_EQ(Open(/*newest_call_us=*/kStartUs).NowUs(), kStartUs);
  EXPECT_EQ(Open(/*newest_call_us=*/0).NowUs(), machine_.now_us) << "nothing can be lost";
}

TEST_F(TrustedClockTest, WritesItselfDownOnceAnHour) {
  Leave();
  TrustedClock clock = Open();
  const auto saved = [this] { return kv_.Get(Family::kMeta, keys::kTrustedTime).value().value(); };
  const std::string before = saved();
  GoOn(kMicrosPerHour - 1);
  ASSERT_TRUE(clock.Save(&kv_).ok());
  EXPECT_EQ(saved(), before);
  GoOn(1);
  ASSERT_TRUE(clock.Save(&kv_).ok());
  EXPECT_NE(saved(), before);
}

// Stores of earlier versions cannot be read if this changes (storage/FORMAT.md, "Families").
TEST_F(TrustedClockTest, HasTheseBytes) {
  machine_.now_us = 2 * kMicrosPerHour;
  Leave();
  EXPECT_EQ(absl::BytesToHexString(kv_.Get(Family::kMeta, "t").value().value()), "80909de91a");
}

TEST_F(TrustedClockTest, RefusesARowThatIsDamaged) {
  for (const std::string& row : {std::string(), std::string("\x80"), std::string("\x05\x05")}) {
    KvBatch batch;
    batch.Put(Family::kMeta, keys::kTrustedTime, row);
    ASSERT_TRUE(kv_.Write(batch, /*sync=*/true).ok());
    TrustedClock clock(&machine_, [] { return int64_t{0}; });
    EXPECT_EQ(clock.Load(kv_, 0, /*accept=*/true).code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace itemized
