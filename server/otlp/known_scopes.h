// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace itemized::server {

// Whether this is an instrumentation scope whose spans were looked at when this folder was written,
// those of the table in ARCHITECTURE.md. Spans of any other scope are read by OpenTelemetry's
// conventions, which may not be what they mean.
bool IsKnownScope(absl::string_view name);

}  // namespace itemized::server
