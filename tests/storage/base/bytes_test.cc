// SPDX-License-Identifier: Apache-2.0
#include "storage/base/bytes.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized {
namespace {

using ::testing::ElementsAreArray;

constexpr uint64_t kUint64Max = std::numeric_limits<uint64_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();

// Every power of two and its neighbours.
template <typename Unsigned>
std::vector<Unsigned> RimValues() {
  std::vector<Unsigned> values = {0};
  for (int shift = 0; shift < std::numeric_limits<Unsigned>::digits; ++shift) {
    const Unsigned power = Unsigned{1} << shift;
    values.insert(values.end(), {power - 1, power, power + 1, ~power});
  }
  return values;
}

// Writes `value`, then reads it back from between other bytes, and checks that
// no shorter input is taken and that a failed read changes nothing.
template <typename T, typename Append, typename Read>
void ExpectRoundTrip(T value, Append append, Read read) {
  std::string bytes;
  append(&bytes, value);
  const std::string followed = bytes + "rest";
  absl::string_view in = followed;
  T decoded{};
  ASSERT_TRUE(read(&in, &decoded));
  EXPECT_EQ(decoded, value);
  EXPECT_EQ(in, "rest");
  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::string_view cut = absl::string_view(bytes).substr(0, size);
    absl::string_view left = cut;
    T untouched = value;
    EXPECT_FALSE(read(&left, &untouched));
    EXPECT_EQ(left, cut);
    EXPECT_EQ(untouched, value);
  }
}

std::string Varint(uint64_t value) {
  std::string bytes;
  AppendVarint(&bytes, value);
  return bytes;
}

TEST(Bytes, VarintsComeBackAndTruncatedOnesAreRefused) {
  for (const uint64_t value : RimValues<uint64_t>()) {
    ExpectRoundTrip(value, AppendVarint, ReadVarint);
  }
}

// Varints near the end of the input are read in another way than those before.
TEST(Bytes, ManyVarintsAtOnceAreThoseReadOneByOne) {
  const std::vector<uint64_t> values = RimValues<uint64_t>();
  std::string bytes;
  for (const uint64_t value : values) {
    AppendVarint(&bytes, value);
  }
  const std::string rest = "rest of the input";
  for (const std::string& input : {bytes, bytes + rest}) {
    absl::string_view in = input;
    std::vector<uint64_t> read(values.size());
    ASSERT_TRUE(ReadVarints(&in, values.size(), read.data()));
    EXPECT_EQ(read, values);
    EXPECT_EQ(in, input.substr(bytes.size()));
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    absl::string_view in = absl::string_view(bytes).substr(0, size);
    std::vector<uint64_t> read(values.size());
    EXPECT_FALSE(ReadVarints(&in, values.size(), read.data())) << size;
  }
}

// Varints of one byte are read eight at once where eight are wanted.
TEST(Bytes, ShortVarintsAtOnceEndWhereTheyShould) {
  for (size_t count = 0; count < 40; ++count) {
    for (size_t long_at = 0; long_at <= count; ++long_at) {
      std::vector<uint64_t> values(count);
      std::iota(values.begin(), values.end(), 80);
      if (long_at < count) {
        values[long_at] = 300;
      }
      std::string bytes;
      for (const uint64_t value : values) {
        AppendVarint(&bytes, value);
      }
      const std::string input = bytes + "\x01\x02\x03\x04\x05\x06\x07\x08\x09";
      absl::string_view in = input;
      std::vector<uint64_t> read(count + 1, 77);
      ASSERT_TRUE(ReadVarints(&in, count, read.data()));
      EXPECT_EQ(in, input.substr(bytes.size()));
      EXPECT_EQ(read.back(), 77U);
      read.pop_back();
      EXPECT_EQ(read, values);
    }
  }
}

TEST(Bytes, ManyVarintsAreRefusedIfOneIsMalformedOrDoesNotFit) {
  const std::string good(8, '\x01');
  const std::vector<std::string> malformed = {
      std::string("\x85\x00", 2), std::string("\xff\x80\x00", 3), std::string(9, '\xff') + '\x02',
      std::string(10, '\x80') + '\x01'};
  for (const std::string& bad : malformed) {
    for (const std::string& input : {bad, bad + good}) {
      absl::string_view in = input;
      uint64_t value = 0;
      EXPECT_FALSE(ReadVarints(&in, 1, &value)) << input.size();
    }
  }
  const std::string wide = Varint(256) + good;
  absl::string_view in = wide;
  uint8_t narrow = 0;
  EXPECT_FALSE(ReadVarints(&in, 1, &narrow));
}

TEST(Bytes, WideVarintsComeBackAndTruncatedOnesAreRefused) {
  for (const absl::uint128 value : RimValues<absl::uint128>()) {
    ExpectRoundTrip(value, AppendVarint128, ReadVarint128);
  }
}

TEST(Bytes, ZigzagsComeBackAndTruncatedOnesAreRefused) {
  for (const uint64_t value : RimValues<uint64_t>()) {
    ExpectRoundTrip(static_cast<int64_t>(value), AppendZigzag, ReadZigzag);
  }
}

TEST(Bytes, WideZigzagsComeBackAndTruncatedOnesAreRefused) {
  for (const absl::uint128 value : RimValues<absl::uint128>()) {
    ExpectRoundTrip(static_cast<absl::int128>(value), AppendZigzag128, ReadZigzag128);
  }
}

TEST(Bytes, FixedIntegersComeBackAndTruncatedOnesAreRefused) {
  for (const uint64_t value : RimValues<uint64_t>()) {
    ExpectRoundTrip(value, AppendBigEndian64, ReadBigEndian64);
    ExpectRoundTrip(static_cast<uint32_t>(value), AppendBigEndian32, ReadBigEndian32);
  }
}

TEST(Bytes, SizedBytesComeBackAndTruncatedOnesAreRefused) {
  for (const std::string& text : {std::string(), std::string("a\0b", 3), std::string(300, 'x')}) {
    ExpectRoundTrip<absl::string_view>(text, AppendSized, ReadSized);
  }
}

TEST(Bytes, EncodedBytesNeverChange) {
  EXPECT_EQ(Varint(0), std::string("\0", 1));
  EXPECT_EQ(Varint(127), "\x7f");
  EXPECT_EQ(Varint(128), "\x80\x01");
  EXPECT_EQ(Varint(300), "\xac\x02");
  EXPECT_EQ(Varint(kUint64Max), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");

  std::string zigzags;
  for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1}, int64_t{-2}, int64_t{64}}) {
    AppendZigzag(&zigzags, value);
  }
  EXPECT_EQ(zigzags, std::string("\x00\x01\x02\x03\x80\x01", 6));

  std::string fixed;
  AppendBigEndian32(&fixed, 0x01020304);
  AppendBigEndian64(&fixed, 0x05060708090a0b0c);
  EXPECT_EQ(fixed, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c");
}

TEST(Bytes, NarrowAndWideFormsOfANumberAreTheSame) {
  for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{12345}, kInt64Max, kInt64Min}) {
    std::string narrow;
    std::string wide;
    AppendZigzag(&narrow, value);
    AppendZigzag128(&wide, value);
    EXPECT_EQ(narrow, wide);
  }
}

TEST(Bytes, VarintsThatDoNotFitAreRefused) {
  const std::string over_64_bits = std::string(9, '\xff') + '\x02';
  const std::string eleven_bytes = std::string(10, '\x80') + '\x01';
  for (const std::string& bytes : {over_64_bits, eleven_bytes}) {
    absl::string_view in = bytes;
    uint64_t value = 0;
    EXPECT_FALSE(ReadVarint(&in, &value));
  }
  const std::string over_128_bits = std::string(18, '\xff') + '\x04';
  absl::string_view in = over_128_bits;
  absl::uint128 value = 0;
  EXPECT_FALSE(ReadVarint128(&in, &value));
}

TEST(Bytes, AVarintWithAShorterFormIsRefused) {
  const std::string padded("\x85\x00", 2);
  absl::string_view in = padded;
  uint64_t value = 0;
  EXPECT_FALSE(ReadVarint(&in, &value));
}

TEST(Bytes, ASizeBeyondTheInputIsRefused) {
  for (const uint64_t size : {uint64_t{4}, kUint64Max}) {
    const std::string bytes = Varint(size) + "abc";
    absl::string_view in = bytes;
    absl::string_view read;
    EXPECT_FALSE(ReadSized(&in, &read));
    EXPECT_EQ(in, bytes);
  }
}

TEST(Bytes, BigEndianBytesSortAsTheNumbersDo) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> numbers = RimValues<uint64_t>();
  for (int i = 0; i < 100; ++i) {
    numbers.push_back(random());
  }
  std::vector<std::string> keys;
  for (const uint64_t number : numbers) {
    AppendBigEndian64(&keys.emplace_back(), number);
  }
  std::sort(keys.begin(), keys.end());
  std::sort(numbers.begin(), numbers.end());
  std::vector<uint64_t> decoded;
  for (const std::string& key : keys) {
    absl::string_view in = key;
    ASSERT_TRUE(ReadBigEndian64(&in, &decoded.emplace_back()));
  }
  EXPECT_THAT(decoded, ElementsAreArray(numbers));
}

}  // namespace
}  // namespace itemized
