// SPDX-License-Identifier: Apache-2.0
// The bytes of the rows of rollups, worked out by hand from storage/FORMAT.md. If one of these
// tests fails, stores of earlier versions cannot be read.

#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "storage/views/call_rollups.h"

namespace itemized {
namespace {

constexpr int64_t kCost = 300;

// One call, 10 input tokens, 300 pico-dollars: zigzag of 1, 0, 0, 0, 0, 300, 10 and of
// eleven classes that were not used.
constexpr char kSums[] =
    "0200000000d80414"
    "0000000000000000000000";
// One value of 300 in bucket 278, which begins with 300.
constexpr char kHistogramOf300[] = "0196020100";

CallSums Sums() {
  CallSums sums;
  sums.calls = 1;
  sums.cost = kCost;
  sums.usage[UsageClass::kInput] = 10;
  return sums;
}

NameDay SmallDay() {
  NameDay day;
  day.sums = Sums();
  day.cost.Add(kCost);
  day.duration.Add(7);
  day.hours.emplace_back(5, Sums());
  day.series.emplace_back(SeriesId(1), Sums());
  return day;
}

TEST(StoredRollup, HasTheseBytes) {
  std::string bytes;
  SmallDay().EncodeTo(&bytes);
  EXPECT_EQ(absl::BytesToHexString(bytes),
            absl::StrCat(kSums, kHistogramOf300, "00",  // No flagged calls.
                         "01070100",                    // Durations: one of 7.
                         "0105", kSums,                 // One hour: the sixth.
                         "0101", kSums));               // One series: 1.
}

TEST(StoredRollup, IsReadBackAndRefusedIfCutShortOrOfAnUnknownSeries) {
  std::string bytes;
  SmallDay().EncodeTo(&bytes);
  absl::string_view in = bytes;
  NameDay day;
  ASSERT_TRUE(day.DecodeFrom(&in, /*series_count=*/2));
  EXPECT_TRUE(in.empty());
  std::string again;
  day.EncodeTo(&again);
  EXPECT_EQ(again, bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    in = absl::string_view(bytes).substr(0, size);
    EXPECT_FALSE(NameDay().DecodeFrom(&in, 2)) << size;
  }
  in = bytes;
  EXPECT_FALSE(NameDay().DecodeFrom(&in, /*series_count=*/1));
}

}  // namespace
}  // namespace itemized
