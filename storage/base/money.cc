// SPDX-License-Identifier: Apache-2.0
#include "storage/base/money.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/quoted.h"

namespace itemized {
namespace {

constexpr int kUsdDecimals = 12;

std::string Digits(absl::uint128 value) {
  constexpr uint64_t kChunk = 1'000'000'000'000'000'000;
  if (absl::Uint128High64(value) == 0) {
    return absl::StrCat(absl::Uint128Low64(value));
  }
  const uint64_t low = absl::Uint128Low64(value % kChunk);
  return absl::StrCat(Digits(value / kChunk), absl::Dec(low, absl::kZeroPad18));
}

// The number `digits` * 10^`exponent`; `digits` neither starts nor ends in 0,
// and is empty for zero.
struct Scientific {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
};

absl::string_view TakeDigits(absl::string_view* text) {
  const size_t size = static_cast<size_t>(
      std::find_if_not(text->begin(), text->end(), absl::ascii_isdigit) - text->begin());
  const absl::string_view digits = text->substr(0, size);
  text->remove_prefix(size);
  return digits;
}

// Takes a sign off the front of the text; returns true if it was a minus.
bool TakeSign(absl::string_view* text) {
  const bool negative = !text->empty() && text->front() == '-';
  if (negative || (!text->empty() && text->front() == '+')) {
    text->remove_prefix(1);
  }
  return negative;
}

// Takes an exponent such as "e-06" off the front, if there is one. Exponents so large that no
// number fits are capped.
bool TakeExponent(absl::string_view* text, int64_t* exponent) {
  *exponent = 0;
  if (text->empty() || (text->front() != 'e' && text->front() != 'E')) {
    return true;
  }
  text->remove_prefix(1);
  const bool negative = TakeSign(text);
  const absl::string_view digits = TakeDigits(text);
  constexpr int64_t kCap = std::numeric_limits<int64_t>::max() / 1'000;
  for (const char digit : digits) {
    *exponent = std::min<int64_t>(*exponent * 10 + (digit - '0'), kCap);
  }
  *exponent = negative ? -*exponent : *exponent;
  return !digits.empty();
}

bool ReadScientific(absl::string_view text, Scientific* number) {
  number->negative = TakeSign(&text);
  const absl::string_view whole = TakeDigits(&text);
  absl::string_view fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = TakeDigits(&text);
  }
  if ((whole.empty() && fraction.empty()) || !TakeExponent(&text, &number->exponent) ||
      !text.empty()) {
    return false;
  }
  std::string digits = absl::StrCat(whole, fraction);
  const size_t last = digits.find_last_not_of('0');
  const size_t end = last == std::string::npos ? 0 : last + 1;
  number->exponent += static_cast<int64_t>(digits.size() - end);
  number->exponent -= static_cast<int64_t>(fraction.size());
  digits.resize(end);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  number->digits = std::move(digits);
  return true;
}

// Reads `digits` followed by `zeros` zeros as a number; false if it exceeds `max`.
bool ToInteger(absl::string_view digits, int64_t zeros, absl::uint128 max, absl::uint128* value) {
  constexpr int64_t kDigitsMax = 39;
  if (zeros > kDigitsMax || static_cast<int64_t>(digits.size()) + zeros > kDigitsMax) {
    return false;
  }
  *value = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(digits.size()) + zeros; ++i) {
    const size_t at = static_cast<size_t>(i);
    const uint64_t digit = at < digits.size() ? static_cast<uint64_t>(digits[at] - '0') : 0;
    if (*value > (max - digit) / 10) {
      return false;
    }
    *value = *value * 10 + digit;
  }
  return true;
}

template <typename Signed>
Signed DivideHalfEven(Signed numerator, Signed denominator) {
  const Signed quotient = numerator / denominator;
  const Signed remainder = numerator % denominator;
  const Signed part = remainder < 0 ? -remainder : remainder;
  const Signed complement = denominator - part;
  if (part < complement || (part == complement && quotient % 2 == 0)) {
    return quotient;
  }
  return numerator < 0 ? quotient - 1 : quotient + 1;
}

bool FitsInt64(absl::int128 value) {
  return value >= std::numeric_limits<int64_t>::min() &&
         value <= std::numeric_limits<int64_t>::max();
}

}  // namespace

std::string FormatUsd(Picos picos) {
  const absl::uint128 bits = static_cast<absl::uint128>(picos);
  const absl::uint128 magnitude = picos < 0 ? -bits : bits;
  std::string text = absl::StrCat(picos < 0 ? "-" : "", Digits(magnitude / kPicosPerUsd));
  const uint64_t fraction = absl::Uint128Low64(magnitude % kPicosPerUsd);
  if (fraction != 0) {
    absl::StrAppend(&text, ".", absl::Dec(fraction, absl::kZeroPad12));
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

absl::StatusOr<Picos> ParseDecimal(absl::string_view text, int decimals) {
  CHECK(decimals >= 0);
  Scientific number;
  if (!ReadScientific(text, &number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(text), " is not a number; write it as \"0.147\", \"-2\" or \"3e-06\"."));
  }
  if (number.digits.empty()) {
    return Picos(0);
  }
  const int64_t zeros = number.exponent + decimals;
  if (zeros < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(text), " needs more than ", decimals,
        " digits after the decimal point, which is the finest that is kept; round it."));
  }
  const absl::uint128 max =
      absl::uint128(std::numeric_limits<Picos>::max()) + (number.negative ? 1 : 0);
  absl::uint128 magnitude = 0;
  if (!ToInteger(number.digits, zeros, max, &magnitude)) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(text), " is too large; give a smaller number."));
  }
  return static_cast<Picos>(number.negative ? -magnitude : magnitude);
}

absl::StatusOr<Picos> ParseUsd(absl::string_view text) {
  return ParseDecimal(text, kUsdDecimals);
}

Picos DivideRounded(Picos numerator, Picos denominator) {
  CHECK(denominator > 0);
  if (FitsInt64(numerator) && FitsInt64(denominator)) {
    return DivideHalfEven(static_cast<int64_t>(numerator), static_cast<int64_t>(denominator));
  }
  return DivideHalfEven(numerator, denominator);
}

}  // namespace itemized
