// SPDX-License-Identifier: Apache-2.0
#include "client/cli/file_form.h"

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace itemized::cli {

const char kFormHint[] = "It takes one JSON object a line: `itemize help import` shows the form.";

namespace {

constexpr size_t kBytesLookedAt = 4096;
constexpr char kByteOrderMark[] = "\xef\xbb\xbf";

// Returns what the file is taken for, and what to do with it; "" if it may be lines of objects.
std::string WhatElse(absl::string_view start, const std::string& path) {
  if (start.empty() || start[0] == '{') {
    return "";
  }
  if (start[0] == '[') {
    return absl::StrCat("is one JSON array. Make lines of it: jq -c '.[]' ", path);
  }
  if (absl::StartsWith(start, "PAR1")) {
    return "is a Parquet file.";
  }
  if (absl::StartsWith(start, "SQLite format 3")) {
    return "is a database of SQLite.";
  }
  if (absl::StrContains(start, '\0')) {
    return "is no text.";
  }
  const absl::string_view line = start.substr(0, start.find('\n'));
  return absl::StrContains(line, ',') || absl::StrContains(line, '\t')
             ? "looks like a table of values (CSV)."
             : "does not begin with a JSON object.";
}

}  // namespace

absl::Status CheckForm(const std::string& path) {
  std::error_code error;
  if (path == "-" || !std::filesystem::is_regular_file(path, error)) {
    return absl::OkStatus();
  }
  std::array<char, kBytesLookedAt> bytes{};
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), bytes.size());
  absl::string_view start(bytes.data(), static_cast<size_t>(file.gcount()));
  absl::ConsumePrefix(&start, kByteOrderMark);
  const std::string what = WhatElse(absl::StripLeadingAsciiWhitespace(start), path);
  return what.empty() ? absl::OkStatus()
                      : absl::InvalidArgumentError(absl::StrCat(path, " ", what, " ", kFormHint));
}

}  // namespace itemized::cli
