// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calls and completions as bytes of a spool (FORMAT.md). The same record always
// gives the same bytes.

#include <string>

#include "absl/strings/string_view.h"

#include "client/cpp/call.h"

namespace itemized::client {

// These append the record to `*out`.
void AppendRecord(const Call& call, std::string* out);
void AppendRecord(const Completion& completion, std::string* out);

// These read a record; they return false if `bytes` are no such record.
[[nodiscard]] bool ParseRecord(absl::string_view bytes, Call* call);
[[nodiscard]] bool ParseRecord(absl::string_view bytes, Completion* completion);

}  // namespace itemized::client
