// SPDX-License-Identifier: Apache-2.0
#include "storage/model/value_checks.h"

#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

using Reason = std::pair<RefusalCode, std::string>;

std::string TooLong(const char* field, size_t size) {
  return absl::StrCat("The ", field, " is ", size, " bytes long; shorten it to ", kNameBytesMax,
                      ".");
}

}  // namespace

// Bytes that no UTF-8 text has are found by its grammar (RFC 3629, section 4).
bool IsUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    uint64_t eight = 0;
    if (i + sizeof(eight) <= text.size()) {
      std::memcpy(&eight, text.data() + i, sizeof(eight));
      if ((eight & 0x8080808080808080u) == 0) {  // Plain ASCII, as most names are.
        i += sizeof(eight);
        continue;
      }
    }
    const uint8_t lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) {
      return false;
    }
    const uint8_t second = static_cast<uint8_t>(text[i + 1]);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<uint8_t>(text[i + k]) & 0xC0) != 0x80) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

std::optional<Reason> CheckText(const char* field, absl::string_view text, bool required) {
  if (text.empty() && required) {
    return Reason(RefusalCode::kMissingField, absl::StrCat("The ", field, " is empty; name it."));
  }
  if (text.size() > kNameBytesMax) {
    return Reason(RefusalCode::kNameTooLong, TooLong(field, text.size()));
  }
  if (!IsUtf8(text)) {
    return Reason(RefusalCode::kInvalidUtf8, absl::StrCat("The ", field, " ", Quoted(text),
                                                          " is not UTF-8; encode it as UTF-8."));
  }
  return std::nullopt;
}

std::optional<Reason> CheckTime(int64_t time_us, int64_t latest_us) {
  if (time_us < kTimeMinUs || time_us >= kTimeMaxUs) {
    return Reason(RefusalCode::kTimeOutOfRange,
                  absl::StrCat("The time ", time_us,
                               " us since 1970 is outside 1970 to 2200; send microseconds since "
                               "1970-01-01 UTC."));
  }
  if (time_us > latest_us) {
    return Reason(RefusalCode::kTimeOutOfRange,
                  absl::StrCat("The time ", FormatTime(time_us), " is more than ",
                               kFutureMaxUs / kMicrosPerSecond / 60,
                               " minutes in the future; check the sender's clock."));
  }
  return std::nullopt;
}

}  // namespace itemized
