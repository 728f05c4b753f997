// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/http/connection.h"

namespace itemized::server {
namespace {

using Phase = Connection::Phase;
using std::chrono::seconds;

const Connection::Instant kNow{std::chrono::hours(1)};

Connection Of(Phase phase, seconds age, const std::string& peer = "a", uint64_t moved = 0) {
  return {
      .phase = phase, .since = kNow - age, .moved_bytes = moved, .held_bytes = moved, .peer = peer};
}

int Find(const std::vector<Connection>& connections, const std::string& peer,
         Scarce scarce = Scarce::kConnections) {
  std::vector<const Connection*> pointers;
  for (const Connection& each : connections) {
    pointers.push_back(&each);
  }
  const auto found = FindToGiveWay(pointers, scarce, peer, HttpLimits(), kNow);
  return found.has_value() ? static_cast<int>(*found) : -1;
}

TEST(ConnectionRules, TheLongestIdleOneGivesWayFirst) {
  EXPECT_EQ(Find({Of(Phase::kBody, seconds(99)), Of(Phase::kIdle, seconds(1)),
                  Of(Phase::kIdle, seconds(2)), Of(Phase::kFresh, seconds(50))},
                 "a"),
            2);
}

TEST(ConnectionRules, ThenTheSlowestSender) {
  EXPECT_EQ(Find({Of(Phase::kHead, seconds(3)), Of(Phase::kBody, seconds(9), "a", 1000),
                  Of(Phase::kAnswering, seconds(99))},
                 "a"),
            1);
  EXPECT_EQ(Find({Of(Phase::kFresh, seconds(2))}, "a"), 0);
  EXPECT_EQ(Find({Of(Phase::kWriting, seconds(9), "a", 100)}, "a"), 0);
}

TEST(ConnectionRules, BriskSendersAndRequestsThatAreAnsweredStay) {
  EXPECT_EQ(Find({Of(Phase::kFresh, seconds(0)), Of(Phase::kHead, seconds(1)),
                  Of(Phase::kBody, seconds(9), "a", 16 << 20), Of(Phase::kAnswering, seconds(99)),
                  Of(Phase::kWriting, seconds(2)), Of(Phase::kClosing, seconds(99))},
                 "a"),
            -1);
}

TEST(ConnectionRules, APeerWithMostMustShareWhenOthersCome) {
  std::vector<Connection> all(9, Of(Phase::kFresh, seconds(0), "greedy"));
  EXPECT_EQ(Find(all, "greedy"), -1);  // It may have all when it is alone.
  EXPECT_EQ(Find(all, "b"), 0);
  for (int i = 0; i < 4; ++i) {
    all.push_back(Of(Phase::kAnswering, seconds(0), "b"));
  }
  EXPECT_EQ(Find(all, "b"), -1);  // Four beside nine is a fair share.
  EXPECT_EQ(Find(all, "c"), 0);
  EXPECT_EQ(Find(all, ""), -1);  // Nobody in particular has no share.
}

TEST(ConnectionRules, MemoryIsTakenFromThoseThatHoldIt) {
  EXPECT_EQ(Find({Of(Phase::kIdle, seconds(99)), Of(Phase::kBody, seconds(50), "a", 10)}, "b",
                 Scarce::kMemory),
            1);
  EXPECT_EQ(Find({Of(Phase::kBody, seconds(0), "a", 1000), Of(Phase::kBody, seconds(0), "b", 10)},
                 "b", Scarce::kMemory),
            0);
  EXPECT_EQ(Find({Of(Phase::kBody, seconds(0), "a", 1000)}, "a", Scarce::kMemory), -1);
}

TEST(ConnectionRules, WhatTakesTooLongIsOverdue) {
  const HttpLimits limits;
  const auto is_overdue = [&](const Connection& connection) {
    return IsOverdue(connection, limits, kNow);
  };
  EXPECT_FALSE(is_overdue(Of(Phase::kHead, seconds(10))));
  EXPECT_TRUE(is_overdue(Of(Phase::kHead, seconds(11))));
  EXPECT_FALSE(is_overdue(Of(Phase::kIdle, seconds(30))));
  EXPECT_TRUE(is_overdue(Of(Phase::kIdle, seconds(31))));
  EXPECT_TRUE(is_overdue(Of(Phase::kBody, seconds(31), "a", 100)));
  EXPECT_FALSE(is_overdue(Of(Phase::kBody, seconds(40), "a", 10 * limits.bytes_per_second)));
  EXPECT_TRUE(is_overdue(Of(Phase::kBody, seconds(41), "a", 10 * limits.bytes_per_second)));
  EXPECT_TRUE(is_overdue(Of(Phase::kWriting, seconds(31), "a", 100)));
  EXPECT_FALSE(is_overdue(Of(Phase::kAnswering, seconds(999))));
  EXPECT_TRUE(is_overdue(Of(Phase::kClosing, seconds(3))));
}

}  // namespace
}  // namespace itemized::server
