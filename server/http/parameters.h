// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// Undoes percent-encoding; "+" stands for a space where `plus_is_space`.
// INVALID_ARGUMENT if a "%" is not followed by two hexadecimal digits or the result
// is not UTF-8.
absl::StatusOr<std::string> PercentDecode(absl::string_view text, bool plus_is_space);

// The parameters of a question, "window=7d&step=planning". Each is asked for once;
// then Finish tells of those that nobody asked for.
class Parameters {
 public:
  // INVALID_ARGUMENT if it is not well-formed.
  static absl::StatusOr<Parameters> Parse(absl::string_view query);

  // The value of `name`; "" if it is not there. The last one counts.
  std::string Take(const std::string& name);
  bool Has(const std::string& name);
  std::vector<std::string> TakeAll(const std::string& name);
  // INVALID_ARGUMENT unless it is a whole number from 0 to `max`; 0 if it is not there.
  absl::StatusOr<int32_t> TakeNumber(const std::string& name, int32_t max);

  // INVALID_ARGUMENT names a parameter that is not known, and those that are.
  absl::Status Finish() const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> known_;
};

}  // namespace itemized::server
