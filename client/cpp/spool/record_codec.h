// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calls and completions as bytes of a spool (FORMAT.md). The same record always
// gives the same bytes.

#include <string>

#include "absl/strings/string_view.h"

#include "client/cpp/call.h"

namespace itemized::client {

// Append the record to `*out`.
void AppendRecord(const Call& call, std::string* out);
void AppendRecord(const Completion& completion, std::string* out);

// False if `bytes` are not such a record.
[[nodiscard]] bool ParseRecord(absl::string_view bytes, Call* call);
[[nodiscard]] bool ParseRecord(absl::string_view bytes, Completion* completion);

}  // namespace itemized::client
