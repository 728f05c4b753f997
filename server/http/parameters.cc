// SPDX-License-Identifier: Apache-2.0
#include "server/http/parameters.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/model/value_checks.h"

namespace itemized::server {
namespace {

bool IsHex(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c));
}

}  // namespace

absl::StatusOr<std::string> PercentDecode(absl::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2])) {
        return absl::InvalidArgumentError(
            "The address has a % that is not followed by two hexadecimal digits; write the "
            "character % as %25.");
      }
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (!IsUtf8(decoded)) {
    return absl::InvalidArgumentError("The address is not UTF-8 once it is percent-decoded.");
  }
  return decoded;
}

absl::StatusOr<Parameters> Parameters::Parse(absl::string_view query) {
  Parameters parameters;
  for (const absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    ASSIGN_OR_RETURN(const std::string name, PercentDecode(pair.first, true));
    ASSIGN_OR_RETURN(std::string value, PercentDecode(pair.second, true));
    parameters.values_[name].push_back(std::move(value));
  }
  return parameters;
}

bool Parameters::Has(const std::string& name) {
  known_.push_back(name);
  return values_.count(name) != 0;
}

std::string Parameters::Take(const std::string& name) {
  return Has(name) ? values_[name].back() : "";
}

std::vector<std::string> Parameters::TakeAll(const std::string& name) {
  return Has(name) ? values_[name] : std::vector<std::string>();
}

absl::StatusOr<int32_t> Parameters::TakeNumber(const std::string& name, int32_t max) {
  const std::string text = Take(name);
  int32_t number = 0;
  if (!text.empty() && (!absl::SimpleAtoi(text, &number) || number < 0 || number > max)) {
    return absl::InvalidArgumentError(absl::StrCat("The parameter ", name,
                                                   " must be a whole number from 0 to ", max,
                                                   ", but is ", Quoted(text), "."));
  }
  return number;
}

absl::Status Parameters::Finish() const {
  for (const auto& [name, values] : values_) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      std::vector<std::string> known = known_;
      std::sort(known.begin(), known.end());
      known.erase(std::unique(known.begin(), known.end()), known.end());
      return absl::InvalidArgumentError(absl::StrCat(
          "There is no parameter ", Quoted(name), " here", known.empty() ? "." : "; there are ",
          absl::StrJoin(known, ", "), known.empty() ? "" : "."));
    }
  }
  return absl::OkStatus();
}

}  // namespace itemized::server
