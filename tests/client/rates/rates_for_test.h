// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"

#include "client/rates/describe_match.h"
#include "client/rates/import.h"

namespace itemized::client {

// A rate on one line: "provider match @instant [tier, region] 1800-3600 input=3 >200000 input=6".
inline std::string Prices(const v1::Prices& prices) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  prices.GetReflection()->ListFields(prices, &fields);
  std::string text;
  for (const auto* field : fields) {
    absl::StrAppend(&text, " ", field->name(), "=",
                    prices.GetReflection()->GetString(prices, field));
  }
  return text;
}

inline std::string Line(const v1::Rate& rate) {
  std::string text = absl::StrCat(rate.provider().empty() ? "-" : rate.provider(), " ",
                                  DescribeMatch(rate.match()));
  if (rate.effective_from_unix_us() != 0) {
    absl::StrAppend(&text, " @", rate.effective_from_unix_us());
  }
  if (!rate.service_tier().empty() || !rate.region().empty()) {
    absl::StrAppend(&text, " [", rate.service_tier(), ", ", rate.region(), "]");
  }
  if (rate.has_hours()) {
    absl::StrAppend(&text, " ", rate.hours().from_second(), "-", rate.hours().to_second());
  }
  absl::StrAppend(&text, Prices(rate.prices()));
  for (const v1::RateTier& tier : rate.tiers()) {
    absl::StrAppend(&text, " >", tier.input_tokens_over(), Prices(tier.prices()));
  }
  return text;
}

inline std::vector<std::string> Lines(const std::vector<v1::Rate>& rates) {
  std::vector<std::string> lines;
  for (const v1::Rate& rate : rates) {
    lines.push_back(Line(rate));
  }
  return lines;
}

// Users read it as it is: it begins with a capital letter and ends with a full stop.
inline void ExpectASentence(absl::string_view text) {
  EXPECT_TRUE(!text.empty() && absl::ascii_isupper(static_cast<unsigned char>(text.front())) &&
              text.back() == '.' && !absl::EndsWith(text, ".."))
      << text;
}

// The rates of a file that reads well, and its warnings if wanted.
inline std::vector<std::string> LinesOf(absl::string_view json,
                                        const RateImportOptions& options = {},
                                        std::vector<std::string>* warnings = nullptr) {
  const absl::StatusOr<RateImport> import = ParseRateFile(json, options);
  EXPECT_TRUE(import.ok()) << import.status();
  if (!import.ok()) {
    return {};
  }
  for (const std::string& warning : import->warnings) {
    ExpectASentence(warning);
  }
  if (warnings != nullptr) {
    *warnings = import->warnings;
  } else {
    EXPECT_THAT(import->warnings, ::testing::IsEmpty());
  }
  return Lines(import->rates);
}

// The sentence with which a file is refused.
inline std::string ErrorOf(absl::string_view json, const RateImportOptions& options = {}) {
  const absl::StatusOr<RateImport> import = ParseRateFile(json, options);
  EXPECT_EQ(import.status().code(), absl::StatusCode::kInvalidArgument) << json;
  ExpectASentence(import.status().message());
  return std::string(import.status().message());
}

}  // namespace itemized::client
