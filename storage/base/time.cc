// SPDX-License-Identifier: Apache-2.0
#include "storage/base/time.h"

#include <chrono>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

#include "storage/base/quoted.h"

namespace itemized {
namespace {

constexpr size_t kDateBytes = 10;  // "2026-11-01"

class SystemClock final : public Clock {
 public:
  int64_t NowUs() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

const char* SecondsFormat(int64_t time_us) {
  if (time_us % kMicrosPerSecond == 0) {
    return "%Y-%m-%dT%H:%M:%S";
  }
  return time_us % 1'000 == 0 ? "%Y-%m-%dT%H:%M:%E3S" : "%Y-%m-%dT%H:%M:%E6S";
}

bool StartsWithDate(absl::string_view text) {
  if (text.size() < kDateBytes) {
    return false;
  }
  for (size_t i = 0; i < kDateBytes; ++i) {
    const char c = text[i];
    if ((i == 4 || i == 7) ? c != '-' : !absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      return false;
    }
  }
  return true;
}

// absl::ParseTime alone would also take white space, "infinite-future" and
// whatever follows a NUL byte.
bool LooksLikeTime(absl::string_view text) {
  return StartsWithDate(text) &&
         text.find_first_not_of("0123456789-:.+TtZz") == absl::string_view::npos;
}

bool ReadInstant(absl::string_view text, absl::TimeZone zone, absl::Time* time) {
  if (!LooksLikeTime(text)) {
    return false;
  }
  if (text.size() > kDateBytes) {
    return absl::ParseTime(absl::RFC3339_full, text, time, nullptr);
  }
  absl::CivilDay day;
  if (!absl::ParseCivilTime(text, &day)) {
    return false;
  }
  *time = absl::FromCivil(day, zone);
  return true;
}

// Returns the length of a unit in microseconds; 0 if there is no such unit.
int64_t UnitUs(char unit) {
  switch (unit) {
    case 's':
      return kMicrosPerSecond;
    case 'm':
      return 60 * kMicrosPerSecond;
    case 'h':
      return kMicrosPerHour;
    case 'd':
      return kMicrosPerDay;
    case 'w':
      return 7 * kMicrosPerDay;
    default:
      return 0;
  }
}

// Reads a count; false unless `text` is digits only and fits.
bool ReadCount(absl::string_view text, int64_t* count) {
  return text.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, count);
}

}  // namespace

std::string FormatTime(int64_t time_us, absl::TimeZone zone) {
  const absl::Time time = absl::FromUnixMicros(time_us);
  const bool is_utc = zone.At(time).offset == 0;
  return absl::StrCat(absl::FormatTime(SecondsFormat(time_us), time, zone),
                      is_utc ? "Z" : absl::FormatTime("%Ez", time, zone));
}

absl::StatusOr<int64_t> ParseTime(absl::string_view text, absl::TimeZone zone) {
  absl::Time time;
  if (!ReadInstant(text, zone, &time)) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(text),
                     " is not a time; write it as \"2026-11-01T09:30:00Z\", "
                     "\"2026-11-01T09:30:00.5+01:00\" or \"2026-11-01\"."));
  }
  const int64_t time_us = absl::ToUnixMicros(time);
  if (time_us < kTimeMinUs || time_us >= kTimeMaxUs) {
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(text), " is out of range; give a time from 1970-01-01 until 2200-01-01 UTC."));
  }
  return time_us;
}

absl::StatusOr<int64_t> ParseSpan(absl::string_view text) {
  const int64_t unit_us = text.empty() ? 0 : UnitUs(text.back());
  int64_t count = 0;
  if (unit_us == 0 || !ReadCount(text.substr(0, text.size() - 1), &count) || count == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(text),
        " is not a length of time; write a whole number above 0 with s, m, h, d or w: \"30d\"."));
  }
  if (count > kTimeMaxUs / unit_us) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(text), " is too long; give at most ",
                                                   kTimeMaxUs / kMicrosPerDay, "d."));
  }
  return count * unit_us;
}

const Clock* Clock::System() {
  static const SystemClock* const clock = new SystemClock;
  return clock;
}

}  // namespace itemized
