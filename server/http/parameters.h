// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// Undoes percent-encoding; "+" stands for a space where `plus_is_space`. Returns
// INVALID_ARGUMENT if a "%" is not followed by two hexadecimal digits or the result
// is not UTF-8.
absl::StatusOr<std::string> PercentDecode(absl::string_view text, bool plus_is_space);

// Holds the parameters of a question, as in "window=7d&step=planning". Each is asked for once;
// then Finish tells of those that nobody asked for.
class Parameters {
 public:
  // Returns INVALID_ARGUMENT if `query` is not well-formed.
  static absl::StatusOr<Parameters> Parse(absl::string_view query);

  // Returns the last value of `name`, or "" if there is none.
  std::string Take(const std::string& name);
  bool Has(const std::string& name);
  std::vector<std::string> TakeAll(const std::string& name);
  // Returns a whole number from 0 to `max`, 0 if there is none, and INVALID_ARGUMENT for anything
  // else.
  absl::StatusOr<int32_t> TakeNumber(const std::string& name, int32_t max);

  // Returns INVALID_ARGUMENT if there is a parameter that is not known; it names those that are.
  absl::Status Finish() const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> known_;
};

}  // namespace itemized::server
