// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two sides of a comparison, in the words of the command line and of the HTTP API.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "itemized/v1/analysis.pb.h"
#include "proto/text/window.h"

namespace itemized::text {

// The sides as somebody gave them; what is not given is "".
struct CompareArguments {
  // Both are FROM..TO, dates or times with TO exclusive ("" for now); or both are KEY=VALUE, where
  // step, model, workflow and provider are names and any other KEY is an attribute.
  std::string before = {};
  std::string after = {};
  WindowArguments window = {};  // That of values; without sides it is compared with the one before.
  v1::CallFilter filter = {};   // Holds for both sides.
};

// Returns the question without `by` and `limit`. INVALID_ARGUMENT with a sentence, in which
// `dashes` stands before the names of options.
absl::StatusOr<v1::CompareRequest> ToCompareRequest(const CompareArguments& arguments,
                                                    absl::TimeZone zone, int64_t now_us,
                                                    absl::string_view dashes = "--");

}  // namespace itemized::text
