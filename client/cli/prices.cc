// SPDX-License-Identifier: Apache-2.0
#include "client/cli/prices.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace itemized::cli {
namespace {

bool IsOfCall(size_t price) {
  return price == kUsageClassCount;
}

bool IsPerThousand(size_t price) {
  return kPriceFields[price].units == UnitsPriced(UsageKind::kRequests);
}

}  // namespace

std::string OptionOf(size_t price) {
  return absl::StrCat("--", absl::StrReplaceAll(kPriceFields[price].name, {{"_", "-"}}));
}

std::string HelpOf(size_t price) {
  std::string help = IsOfCall(price) ? "Calls, on top of their tokens"
                                     : std::string(kUsageClasses[price].description);
  if (IsPerThousand(price)) {
    return absl::StrCat(help, "; USD per 1,000");
  }
  const auto billed_as = static_cast<size_t>(kUsageClasses[price].billed_as);
  return billed_as == price ? help : absl::StrCat(help, "; else as ", OptionOf(billed_as));
}

std::string HeaderOf(size_t price) {
  const absl::string_view label = IsOfCall(price) ? "Calls" : kUsageClasses[price].label;
  return absl::AsciiStrToUpper(absl::StrCat(IsPerThousand(price) ? "1K " : "", label));
}

}  // namespace itemized::cli
