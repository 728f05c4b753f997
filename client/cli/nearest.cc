// SPDX-License-Identifier: Apache-2.0
#include "client/cli/nearest.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace itemized::cli {

std::string DidYouMean(absl::string_view typed, const std::vector<std::string>& words) {
  const std::vector<std::string> near = Nearest(typed, words);
  return near.empty() ? ""
                      : absl::StrCat(" Did you mean \"", absl::StrJoin(near, "\" or \""), "\"?");
}

}  // namespace itemized::cli
