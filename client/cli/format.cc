// SPDX-License-Identifier: Apache-2.0
#include "client/cli/format.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr int kPicoDigits = 12;

Picos PowerOfTen(int exponent) {
  Picos power = 1;
  for (int i = 0; i < exponent; ++i) {
    power *= 10;
  }
  return power;
}

std::string GroupThousands(absl::string_view digits) {
  std::string result;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) {
      result += ',';
    }
    result += digits[i];
  }
  return result;
}

std::string Digits(Picos value) {
  // FormatUsd of a whole number of dollars prints nothing but its digits.
  return FormatUsd(value * kPicosPerUsd);
}

// Decimals with which an amount that is not negative reads well.
int DecimalsFor(Picos picos) {
  if (picos >= kPicosPerUsd || picos == 0) {
    return 2;
  }
  if (picos >= kPicosPerUsd / 100) {
    return 4;
  }
  int decimals = 5;  // Three significant digits of 0.00abc.
  for (Picos limit = kPicosPerUsd / 1000; picos < limit && decimals < kPicoDigits; limit /= 10) {
    ++decimals;
  }
  return decimals;
}

std::string TrimZeros(std::string text, int decimals_min) {
  const size_t point = text.find('.');
  while (text.back() == '0' && text.size() > point + 1 + static_cast<size_t>(decimals_min)) {
    text.pop_back();
  }
  return text;
}

std::string Fixed(Picos picos, int decimals) {
  const Picos unit = PowerOfTen(kPicoDigits - decimals);
  const Picos scale = PowerOfTen(decimals);
  const Picos rounded = DivideRounded(picos, unit);
  std::string fraction = Digits(rounded % scale);
  fraction.insert(0, static_cast<size_t>(decimals) - fraction.size(), '0');
  return absl::StrCat("$", GroupThousands(Digits(rounded / scale)), ".", fraction);
}

}  // namespace

std::string Money(Picos picos) {
  if (picos < 0) {
    return absl::StrCat("-", Money(-picos));
  }
  if (picos == 0) {
    return "$0.00";
  }
  const int decimals = DecimalsFor(picos);
  const Picos unit = PowerOfTen(kPicoDigits - decimals);
  const int decimals_rounded = DecimalsFor(DivideRounded(picos, unit) * unit);
  return TrimZeros(Fixed(picos, decimals_rounded), std::min(decimals_rounded, 4));
}

std::string MoneyText(absl::string_view usd) {
  if (usd.empty()) {
    return kNothing;
  }
  const absl::StatusOr<Picos> picos = ParseUsd(usd);
  return picos.ok() ? Money(*picos) : std::string(usd);
}

std::string SumText(absl::string_view usd, int64_t calls, int64_t unpriced_calls) {
  return calls > 0 && calls == unpriced_calls ? kNothing : MoneyText(usd);
}

std::string PriceText(absl::string_view usd) {
  if (usd.empty()) {
    return kNothing;
  }
  std::string text = absl::StrCat("$", usd);
  if (text.find_first_of("eE") != std::string::npos) {
    return text;
  }
  const size_t point = text.find('.');
  if (point == std::string::npos) {
    return text + ".00";
  }
  const size_t decimals = text.size() - point - 1;
  return decimals < 2 ? text.append(2 - decimals, '0') : text;
}

std::string Count(int64_t count) {
  const std::string digits = absl::StrCat(count);
  return count < 0 ? absl::StrCat("-", GroupThousands(absl::string_view(digits).substr(1)))
                   : GroupThousands(digits);
}

std::string ShortCount(int64_t count) {
  constexpr const char* kUnits[] = {"k", "M", "G", "T", "P", "E"};
  if (std::abs(count) < 10'000) {
    return Count(count);
  }
  double value = static_cast<double>(count) / 1000;
  size_t unit = 0;
  while (std::fabs(value) >= 999.95 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return absl::StrFormat("%.*f%s", std::fabs(value) >= 100 ? 0 : 1, value, kUnits[unit]);
}

std::string Percent(double share) {
  if (!std::isfinite(share)) {
    return kNothing;
  }
  if (share > 0 && share < 0.0005) {
    return "<0.1%";
  }
  // What is not all must not look like all.
  if (share < 1 && share >= 0.9995) {
    return ">99.9%";
  }
  return absl::StrFormat("%.1f%%", share * 100);
}

std::string DurationText(double ms) {
  if (!std::isfinite(ms)) {
    return kNothing;
  }
  if (ms < 999.5) {
    return absl::StrFormat("%.*f ms", ms > 0 && ms < 9.95 ? 1 : 0, ms);
  }
  if (ms < 59'995) {
    return absl::StrFormat("%.2f s", ms / 1000);
  }
  const int64_t seconds = std::llround(ms / 1000);
  if (seconds < 3600) {
    return absl::StrFormat("%d m %02d s", seconds / 60, seconds % 60);
  }
  return absl::StrFormat("%s h %02d m", Count(seconds / 3600), seconds / 60 % 60);
}

std::string OffsetText(const std::string& time, const std::string& first) {
  const absl::StatusOr<int64_t> time_us = ParseTime(time);
  const absl::StatusOr<int64_t> first_us = ParseTime(first);
  if (!time_us.ok() || !first_us.ok()) {
    return "";
  }
  return absl::StrCat("+", DurationText(static_cast<double>(*time_us - *first_us) / 1000));
}

std::string KnownDurationText(double ms) {
  return ms > 0 ? DurationText(ms) : kNothing;
}

std::string Multiple(double multiple) {
  if (!std::isfinite(multiple)) {
    return kNothing;
  }
  return absl::StrFormat("%.*fx", multiple < 100 ? 1 : 0, multiple);
}

std::string TimeText(absl::string_view rfc3339, absl::TimeZone zone, bool milliseconds) {
  if (rfc3339.empty()) {
    return kNothing;
  }
  const absl::StatusOr<int64_t> time_us = ParseTime(rfc3339);
  if (!time_us.ok()) {
    return std::string(rfc3339);
  }
  return absl::FormatTime(milliseconds ? "%Y-%m-%d %H:%M:%E3S" : "%Y-%m-%d %H:%M:%S",
                          absl::FromUnixMicros(*time_us), zone);
}

std::string WindowText(const v1::Window& window, absl::TimeZone zone) {
  const absl::StatusOr<int64_t> start = ParseTime(window.start());
  const absl::StatusOr<int64_t> end = ParseTime(window.end());
  if (!start.ok() || !end.ok()) {
    return absl::StrCat(window.start(), " to ", window.end());
  }
  constexpr char kMinutes[] = "%Y-%m-%d %H:%M";
  return absl::StrCat(absl::FormatTime(kMinutes, absl::FromUnixMicros(*start), zone), " to ",
                      absl::FormatTime(kMinutes, absl::FromUnixMicros(*end), zone), " ",
                      zone.name());
}

int64_t TokensIn(const UsageCounts& counts) {
  return SumOfKinds(counts, IsInput);
}

int64_t TokensCached(const UsageCounts& counts) {
  return SumOfKinds(counts, [](UsageKind kind) { return kind == UsageKind::kCacheRead; });
}

int64_t TokensOut(const UsageCounts& counts) {
  return SumOfKinds(counts, [](UsageKind kind) { return kind == UsageKind::kOutput; });
}

}  // namespace itemized::cli
