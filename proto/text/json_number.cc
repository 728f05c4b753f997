// SPDX-License-Identifier: Apache-2.0
#include "proto/text/json_number.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace itemized::text {
namespace {

constexpr size_t kDigitsMax = 19;  // The largest int64_t has them.

absl::string_view TakeDigits(absl::string_view& text) {
  size_t size = 0;
  while (size < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[size]))) {
    ++size;
  }
  const absl::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

bool TakeAnyOf(absl::string_view& text, absl::string_view characters) {
  if (text.empty() || characters.find(text[0]) == absl::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// -1.25e-3 in its parts: true, "1", "25", true, "3".
struct Parts {
  bool negative = false;
  absl::string_view whole;
  absl::string_view fraction;
  bool exponent_negative = false;
  absl::string_view exponent;
};

bool Split(absl::string_view text, Parts& parts) {
  parts.negative = TakeAnyOf(text, "-");
  parts.whole = TakeDigits(text);
  if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole[0] == '0')) {
    return false;
  }
  if (TakeAnyOf(text, ".")) {
    parts.fraction = TakeDigits(text);
    if (parts.fraction.empty()) {
      return false;
    }
  }
  if (TakeAnyOf(text, "eE")) {
    parts.exponent_negative = TakeAnyOf(text, "-");
    if (!parts.exponent_negative) {
      TakeAnyOf(text, "+");
    }
    parts.exponent = TakeDigits(text);
    if (parts.exponent.empty()) {
      return false;
    }
  }
  return text.empty();
}

int64_t ExponentOf(const Parts& parts) {
  // A number with a larger exponent is out of range or zero, since no memory holds digits enough
  // to make up for it.
  constexpr int64_t kHuge = int64_t{1} << 40;
  int64_t exponent = 0;
  if (!parts.exponent.empty() && !absl::SimpleAtoi(parts.exponent, &exponent)) {
    exponent = kHuge;
  }
  exponent = std::min(exponent, kHuge);
  return parts.exponent_negative ? -exponent : exponent;
}

}  // namespace

bool IsJsonNumber(absl::string_view text) {
  Parts parts;
  return Split(text, parts);
}

absl::StatusOr<int64_t> ScaledJsonNumber(absl::string_view text, int decimals) {
  Parts parts;
  if (!Split(text, parts)) {
    return absl::InvalidArgumentError("not a number");
  }
  std::string digits = absl::StrCat(parts.whole, parts.fraction);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  const int64_t shift = ExponentOf(parts) + decimals - static_cast<int64_t>(parts.fraction.size());
  const int64_t size = static_cast<int64_t>(digits.size()) + shift;
  if (digits.empty() || size <= 0) {
    return 0;
  }
  if (size > static_cast<int64_t>(kDigitsMax)) {
    return absl::OutOfRangeError("too large");
  }
  digits.resize(static_cast<size_t>(size), '0');
  int64_t value = 0;
  if (!absl::SimpleAtoi(absl::StrCat(parts.negative ? "-" : "", digits), &value)) {
    return absl::OutOfRangeError("too large");
  }
  return value;
}

}  // namespace itemized::text
