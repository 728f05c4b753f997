// SPDX-License-Identifier: Apache-2.0
#include "proto/text/question.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace itemized::text {

bool ParseGroupBy(absl::string_view text, v1::GroupBy* by, std::string* attribute_key) {
  absl::string_view key = text;
  if (absl::ConsumePrefix(&key, "attribute:")) {
    *by = v1::GROUP_BY_ATTRIBUTE;
    *attribute_key = std::string(key);
    return !key.empty();
  }
  attribute_key->clear();
  const std::string name = absl::StrCat("GROUP_BY_", absl::AsciiStrToUpper(text));
  return text == absl::AsciiStrToLower(text) && v1::GroupBy_Parse(name, by) &&
         *by != v1::GROUP_BY_UNSPECIFIED && *by != v1::GROUP_BY_ATTRIBUTE;
}

bool ParseOutlierOrder(absl::string_view text, v1::OutlierOrder* order) {
  *order = text == "cost" ? v1::OUTLIER_ORDER_COST : v1::OUTLIER_ORDER_NEWEST;
  return text == "cost" || text == "newest";
}

absl::Status AddAttribute(absl::string_view text, v1::CallFilter* filter) {
  const size_t sign = text.find('=');
  if (sign == absl::string_view::npos || sign == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("attribute must be KEY=VALUE, such as tenant=acme, but is \"", text, "\"."));
  }
  const std::string key(text.substr(0, sign));
  const std::string value(text.substr(sign + 1));
  const auto [it, inserted] = filter->mutable_attributes()->insert({key, value});
  if (!inserted && it->second != value) {
    return absl::InvalidArgumentError(
        absl::StrCat("attribute ", key, " is given twice, and no call has two values of it."));
  }
  return absl::OkStatus();
}

std::string ShellWord(const std::string& word) {
  const bool is_plain = std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-./:=,@+", c);
  });
  return is_plain && !word.empty()
             ? word
             : absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

}  // namespace itemized::text
