// SPDX-License-Identifier: Apache-2.0
#include "storage/base/strong_id.h"

#include <string>
#include <type_traits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash_testing.h"
#include "gtest/gtest.h"

#include "storage/base/bytes.h"
#include "storage/base/time.h"

namespace itemized {
namespace {

using Apple = StrongId<struct AppleTag>;
using Pear = StrongId<struct PearTag>;

template <typename A, typename B>
concept CanAdd = requires(A a, B b) {
  a + b;
};
template <typename A, typename B>
concept CanSubtract = requires(A a, B b) {
  a - b;
};
template <typename A, typename B>
concept CanCompare = requires(A a, B b) {
  a == b;
}
|| requires(A a, B b) {
  a < b;
};

// Whoever takes one number for another is stopped by the compiler.
template <typename A, typename B>
constexpr bool kAreTaken = std::is_convertible_v<A, B> || std::is_constructible_v<B, A> ||
                           std::is_assignable_v<B&, A> || CanCompare<A, B> || CanCompare<B, A>;
static_assert(!kAreTaken<Apple, Pear> && !kAreTaken<Pear, Apple>);
static_assert(!kAreTaken<Hour, Day> && !kAreTaken<Day, Hour>);

// A plain integer becomes one by name only, and the other way round not at all.
template <typename Id>
constexpr bool kIsApart =
    std::is_constructible_v<Id, uint32_t> && !std::is_convertible_v<uint32_t, Id> &&
    !std::is_assignable_v<Id&, uint32_t> && !CanCompare<Id, uint32_t> &&
    !std::is_constructible_v<uint32_t, Id> && !std::is_constructible_v<bool, Id>;
static_assert(kIsApart<Apple> && kIsApart<Hour> && kIsApart<Day>);

// Ids are not calculated with; points in time are moved, and have distances.
static_assert(!CanAdd<Apple, int> && !CanAdd<Apple, Apple>);
static_assert(!CanSubtract<Apple, int> && !CanSubtract<Apple, Apple>);
static_assert(CanAdd<Hour, int> && CanSubtract<Hour, int> && CanSubtract<Hour, Hour>);
static_assert(!CanAdd<Hour, Hour> && !CanAdd<Hour, Day> && !CanSubtract<Hour, Day>);
static_assert(std::is_same_v<decltype(Day(3) - Day(5)), int64_t>);

// It costs nothing.
static_assert(sizeof(Apple) == sizeof(uint32_t) && alignof(Apple) == alignof(uint32_t));
static_assert(std::is_trivially_copyable_v<Apple> && std::is_standard_layout_v<Apple>);

TEST(StrongId, IsZeroUnlessSaidOtherwise) {
  EXPECT_EQ(Apple().value(), 0U);
  EXPECT_EQ(Apple(7).value(), 7U);
  EXPECT_EQ(Apple::Max().value(), UINT32_MAX);
}

TEST(StrongId, IsOrderedAndCountedAsItsNumber) {
  EXPECT_LT(Apple(6), Apple(7));
  Apple at(6);
  EXPECT_EQ(at++, Apple(6));
  EXPECT_EQ(++at, Apple(8));
}

TEST(StrongId, IsAKeyOfHashTables) {
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({Apple(0), Apple(1), Apple::Max()}));
  const absl::flat_hash_set<Apple> set{Apple(1), Apple(2)};
  EXPECT_TRUE(set.contains(Apple(2)));
  EXPECT_FALSE(set.contains(Apple(3)));
}

TEST(StrongId, IsReadFromTheBytesOfItsNumber) {
  std::string bytes;
  AppendVarint(&bytes, 300);
  AppendBigEndian32(&bytes, 258);
  absl::string_view in = bytes;
  Apple varint;
  Apple fixed;
  ASSERT_TRUE(ReadVarintId(&in, &varint) && ReadBigEndianId(&in, &fixed) && in.empty());
  EXPECT_EQ(varint, Apple(300));
  EXPECT_EQ(fixed, Apple(258));
  EXPECT_FALSE(ReadVarintId(&in, &varint) || ReadBigEndianId(&in, &fixed));
  EXPECT_EQ(varint, Apple(300));
}

TEST(TimeBucket, IsMovedByACountAndHasADistance) {
  EXPECT_EQ(Hour(10) + 5, Hour(15));
  EXPECT_EQ(Hour(10) - 5, Hour(5));
  EXPECT_EQ(Hour(10) + -5, Hour(5));
  EXPECT_EQ(Hour(10) - Hour(15), -5);
  EXPECT_EQ(Day::Max() - Day(0), int64_t{UINT32_MAX});
  EXPECT_EQ(FirstHourOf(Day(2)), Hour(48));
  EXPECT_EQ(DayOfHour(Hour(47)), Day(1));
  EXPECT_EQ(HourOfDay(Hour(47)), 23);
}

}  // namespace
}  // namespace itemized
