// SPDX-License-Identifier: Apache-2.0
#include "proto/text/json_number.h"

#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace itemized::text {
namespace {

TEST(JsonNumber, IsWhatJsonCallsANumber) {
  for (const char* text : {"0", "-0", "12", "-3.25", "1e3", "1E+3", "1.5e-7", "0.001"}) {
    EXPECT_TRUE(IsJsonNumber(text)) << text;
  }
  for (const char* text : {"", "-", "+1", "01", ".5", "1.", "1e", "1e+", "0x1", "NaN", "1 ", "1a",
                           "1.2.3", "--1", "1e1.5"}) {
    EXPECT_FALSE(IsJsonNumber(text)) << text;
  }
}

struct Scaled {
  const char* text;
  int64_t expected;
};

TEST(JsonNumber, IsScaledExactlyAndFinerDigitsAreCutOff) {
  const Scaled kCases[] = {
      {"812.5", 812500},
      {"0", 0},
      {"-0.0", 0},
      {"0.29", 290},
      {"812.4999999999999999999999", 812499},
      {"-812.4999", -812499},
      {"0.0009", 0},
      {"2592000000.001", 2592000000001},
      {"8.125e2", 812500},
      {"8125E-1", 812500},
      {"1e-400", 0},
      {"0e99999999999999999999", 0},
      {"1e-99999999999999999999", 0},
      {"0.00000000000000000000000000123e29", 123000},
      {"9223372036854775.807", 9223372036854775807},
      {"-9223372036854775.808", -9223372036854775807 - 1},
  };
  for (const Scaled& c : kCases) {
    const absl::StatusOr<int64_t> value = ScaledJsonNumber(c.text, 3);
    ASSERT_TRUE(value.ok()) << c.text;
    EXPECT_EQ(*value, c.expected) << c.text;
  }
}

TEST(JsonNumber, IsRefusedWhereItDoesNotFit) {
  for (const char* text : {"9223372036854775.808", "1e16", "1e99999999999999999999",
                           "123456789012345678901234567890"}) {
    EXPECT_EQ(ScaledJsonNumber(text, 3).status().code(), absl::StatusCode::kOutOfRange) << text;
  }
}

TEST(JsonNumber, ReadsEveryIntegerAsTheStandardLibraryDoes) {
  for (int64_t value = 1; value < std::numeric_limits<int64_t>::max() / 3; value *= 3) {
    EXPECT_EQ(*ScaledJsonNumber(std::to_string(value), 0), value);
    EXPECT_EQ(*ScaledJsonNumber(std::to_string(-value), 0), -value);
  }
}

}  // namespace
}  // namespace itemized::text
