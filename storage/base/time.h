// SPDX-License-Identifier: Apache-2.0
#pragma once

// Instants are int64 microseconds since 1970-01-01 UTC ("time_us"); buckets of
// the log and the views are whole UTC hours and days counted from there.

#include <concepts>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "storage/base/strong_id.h"

namespace itemized {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerHour = 3600 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

// Instants that can be stored: 1970-01-01 to 2200-01-01, so that an hour fits 32 bits.
inline constexpr int64_t kTimeMinUs = 0;
inline constexpr int64_t kTimeMaxUs = 7'258'118'400 * kMicrosPerSecond;

// A whole hour and a whole day, counted from 1970-01-01 UTC.
using Hour = StrongId<struct HourTag>;
using Day = StrongId<struct DayTag>;

// Hours and days are points on a line: moved by a count they are points again, and between two of
// them lies a count. A point that is moved has to stay within 32 bits.
template <typename T>
concept TimeBucket = std::same_as<T, Hour> || std::same_as<T, Day>;
template <TimeBucket T>
constexpr T operator+(T at, int64_t count) {
  return T(static_cast<uint32_t>(int64_t{at.value()} + count));
}
template <TimeBucket T>
constexpr T operator-(T at, int64_t count) {
  return at + -count;
}
template <TimeBucket T>
constexpr int64_t operator-(T to, T from) {
  return int64_t{to.value()} - int64_t{from.value()};
}

inline constexpr Hour HourOf(int64_t time_us) {
  return Hour(static_cast<uint32_t>(time_us / kMicrosPerHour));
}
inline constexpr Day DayOf(int64_t time_us) {
  return Day(static_cast<uint32_t>(time_us / kMicrosPerDay));
}
inline constexpr uint32_t kHoursPerDay = 24;
inline constexpr Day DayOfHour(Hour hour) {
  return Day(hour.value() / kHoursPerDay);
}
inline constexpr Hour FirstHourOf(Day day) {
  return Hour(day.value() * kHoursPerDay);
}
// Returns the hour of its UTC day, from 0 to 23.
inline constexpr uint8_t HourOfDay(Hour hour) {
  return static_cast<uint8_t>(hour.value() % kHoursPerDay);
}
inline constexpr int64_t HourStartUs(Hour hour) {
  return int64_t{hour.value()} * kMicrosPerHour;
}
inline constexpr int64_t DayStartUs(Day day) {
  return int64_t{day.value()} * kMicrosPerDay;
}

// A half-open range [start_us, end_us) of instants.
struct TimeRange {
  int64_t start_us = 0;
  int64_t end_us = 0;

  bool Contains(int64_t time_us) const { return start_us <= time_us && time_us < end_us; }
  bool empty() const { return start_us >= end_us; }
  bool operator==(const TimeRange&) const = default;
};

// Returns RFC 3339 with as many of six fraction digits as needed, in `zone`:
// "2026-11-01T00:00:00.123Z".
std::string FormatTime(int64_t time_us, absl::TimeZone zone = absl::UTCTimeZone());

// Parses RFC 3339; digits finer than a microsecond are cut off. A date alone means its midnight in
// `zone`. INVALID_ARGUMENT if `text` is no instant.
absl::StatusOr<int64_t> ParseTime(absl::string_view text,
                                  absl::TimeZone zone = absl::UTCTimeZone());

// Parses a length such as "90m", "24h", "30d" or "2w" into microseconds, > 0. INVALID_ARGUMENT if
// it is none.
absl::StatusOr<int64_t> ParseSpan(absl::string_view text);

// The source of the present instant, for which tests use one of their own. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowUs() const = 0;

  // Returns the machine's clock, which lives forever.
  static const Clock* System();
};

}  // namespace itemized
