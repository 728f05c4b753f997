// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a question is about, in the words of the command line and of the HTTP API.

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/query.pb.h"

namespace itemized::text {

// Reads step, model, workflow, provider or attribute:KEY into `*by` and
// `*attribute_key`. False if `text` is none of them.
bool ParseGroupBy(absl::string_view text, v1::GroupBy* by, std::string* attribute_key);

// Reads newest or cost into `*order`. False if `text` is none of them.
bool ParseOutlierOrder(absl::string_view text, v1::OutlierOrder* order);

// Adds KEY=VALUE to the attributes of `filter`. INVALID_ARGUMENT with a sentence.
absl::Status AddAttribute(absl::string_view text, v1::CallFilter* filter);

// Returns a word of a command line as a shell takes it, in quotes if it needs them.
std::string ShellWord(const std::string& word);

}  // namespace itemized::text
