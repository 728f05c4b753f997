// SPDX-License-Identifier: Apache-2.0
#include "server/api/usage_report_log.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/captured_log.h"

namespace itemized::server {
namespace {

using ::testing::SizeIs;

UsageReportTally Tally(const std::string& kind, const std::string& sentence) {
  UsageReportTally tally;
  tally.unknown = 2;
  tally.misreported = 3;
  tally.not_kept = 1;
  tally.troubles.push_back({kind, sentence});
  return tally;
}

TEST(UsageReportLog, TellsEachKindOnce) {
  CapturedLog log;
  UsageReportLog reports;
  reports.Take(Tally("total a", "The total of a is 5."));
  reports.Take(Tally("total a", "The total of a is 6."));
  reports.Take(Tally("total b", "The total of b is 7."));
  EXPECT_THAT(log.Lines("The total"), SizeIs(2));
  EXPECT_THAT(log.Lines("is 6."), SizeIs(0));
}

TEST(UsageReportLog, CountsEveryReport) {
  const CapturedLog log;
  UsageReportLog reports;
  reports.Take(Tally("a", "A."));
  reports.Take(Tally("a", "A."));
  EXPECT_EQ(reports.unknown(), 4);
  EXPECT_EQ(reports.misreported(), 6);
  EXPECT_EQ(reports.not_kept(), 2);
}

TEST(UsageReportLog, StaysSilentAfterAThousandKinds) {
  const CapturedLog log;
  UsageReportLog reports;
  for (int kind = 0; kind < 1'100; ++kind) {
    reports.Take(Tally(std::to_string(kind), "Something is odd."));
  }
  EXPECT_THAT(log.Lines("odd"), SizeIs(1'000));
}

}  // namespace
}  // namespace itemized::server
