// SPDX-License-Identifier: Apache-2.0
#include "storage/base/quoted.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace itemized {

std::string Quoted(absl::string_view text) {
  constexpr size_t kBytesMax = 60;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kBytesMax)),
                      text.size() > kBytesMax ? "...\"" : "\"");
}

}  // namespace itemized
