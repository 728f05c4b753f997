// SPDX-License-Identifier: Apache-2.0
#include "client/cli/report/sections.h"

#include "absl/strings/str_cat.h"

#include "client/cli/format.h"
#include "client/cli/text.h"

namespace itemized::cli {

ReportCell NameOf(const std::string& name) {
  return {.text = name.empty() ? "(none)" : Printable(name), .value = name};
}

ReportCell MoneyOf(const std::string& usd, Tone tone) {
  return {.text = MoneyText(usd), .value = usd, .tone = tone};
}

ReportCell CountOf(int64_t count) {
  return {.text = Count(count), .value = absl::StrCat(count)};
}

ReportCell SharePercent(double share) {
  return {.text = Percent(share), .value = absl::StrCat(share)};
}

ReportCell ChangeOf(const std::string& usd) {
  return {
      .text = ChangeText(usd), .value = usd, .tone = AmountOf(usd) > 0 ? Tone::kBad : Tone::kGood};
}

std::string Counted(int64_t count, absl::string_view noun) {
  return absl::StrCat(Count(count), " ", noun, PluralS(count));
}

void NoteOmitted(int64_t omitted, ReportSection* section) {
  if (omitted > 0) {
    section->notes.push_back(
        absl::StrCat(Counted(omitted, "row"), " more, which the sums have; --limit 0 shows all."));
  }
}

}  // namespace itemized::cli
