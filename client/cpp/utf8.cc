// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/utf8.h"

#include <cstddef>
#include <cstdint>

namespace itemized::client {

namespace {

// Bytes that follow `lead`, or -1 if no sequence starts with it.
int ContinuationBytes(uint8_t lead) {
  if (lead < 0x80) {
    return 0;
  }
  if (lead >= 0xC2 && lead < 0xE0) {
    return 1;
  }
  if (lead >= 0xE0 && lead < 0xF0) {
    return 2;
  }
  return lead >= 0xF0 && lead < 0xF5 ? 3 : -1;
}

// Whether `second` may follow `lead`: rules out overlong forms, surrogates and
// code points above U+10FFFF.
bool SecondByteFits(uint8_t lead, uint8_t second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second < 0xA0;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second < 0x90;
    default:
      return true;
  }
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i++]);
    const int follow = ContinuationBytes(lead);
    if (follow < 0 || text.size() - i < static_cast<size_t>(follow)) {
      return false;
    }
    for (int k = 0; k < follow; ++k) {
      const auto byte = static_cast<uint8_t>(text[i++]);
      if ((byte & 0xC0) != 0x80 || (k == 0 && !SecondByteFits(lead, byte))) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace itemized::client
