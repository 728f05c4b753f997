// SPDX-License-Identifier: Apache-2.0
#include "client/rates/litellm_report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace itemized::client {

void LiteLlmReport::LeaveOut(absl::string_view model, const std::vector<std::string>& fields) {
  if (fields.empty()) {
    ++without_price_;
    left_out_.push_back({std::string(model), "", "it has no price"});
    return;
  }
  ++of_other_kinds_;
  for (const std::string& field : fields) {
    kinds_.Add(field);
  }
  left_out_.push_back({std::string(model), "",
                       absl::StrCat("all its prices are of kinds that a rate cannot have: ",
                                    absl::StrJoin(fields, ", "))});
}

void LiteLlmReport::Ignore(absl::string_view model, absl::string_view field,
                           absl::string_view reason) {
  ignored_.Add(field);
  left_out_.push_back({std::string(model), std::string(field), std::string(reason)});
}

void LiteLlmReport::NoteAsParent(absl::string_view field, absl::string_view service_tier) {
  as_parent_.Add(absl::StrCat(field, " in ", service_tier));
}

void LiteLlmReport::MoveTo(RateImport* import) {
  const auto warn_if = [&](bool condition, const std::string& sentence) {
    if (condition) {
      import->warnings.push_back(sentence + ".");
    }
  };
  warn_if(
      of_other_kinds_ > 0,
      absl::StrCat("Left out ", Counted(of_other_kinds_, "model"),
                   " whose prices are all of kinds that a rate cannot have: ", kinds_.ToString()));
  warn_if(without_price_ > 0,
          absl::StrCat("Left out ", Counted(without_price_, "model"), " without a price"));
  warn_if(searches_by_size_ > 0,
          absl::StrCat("Took the medium context size for the web searches of ",
                       Counted(searches_by_size_, "model"), " whose price depends on it"));
  warn_if(
      !flat_.empty(),
      absl::StrCat("Took one price for all context sizes in tiers of service that have no other "
                   "in the file, though the standard has: ",
                   flat_.ToString()));
  warn_if(!as_parent_.empty(),
          absl::StrCat("Billed as the class that they are part of, because they have no price of "
                       "their own in a tier of service: ",
                       as_parent_.ToString()));
  warn_if(rounded_ > 0,
          absl::StrCat("Rounded ", Counted(rounded_, "price"), " to 10^-12 USD a token"));
  warn_if(!ignored_.empty(), absl::StrCat("Ignored prices of other kinds: ", ignored_.ToString()));
  import->left_out = std::move(left_out_);
}

}  // namespace itemized::client
