// SPDX-License-Identifier: Apache-2.0
#pragma once

// The readers of the three forms of price files. `root` is an object; for genai-prices it is an
// array. Errors are those of ParseRateFile.

#include "absl/status/statusor.h"

#include "client/rates/import.h"
#include "client/rates/json.h"

namespace itemized::client {

absl::StatusOr<RateImport> ParseSimple(const JsonValue& root, const RateImportOptions& options);
absl::StatusOr<RateImport> ParseLiteLlm(const JsonValue& root, const RateImportOptions& options);
absl::StatusOr<RateImport> ParseGenaiPrices(const JsonValue& root,
                                            const RateImportOptions& options);

// Whether `name` is a field of a model in the simple form.
bool IsSimpleField(absl::string_view name);

}  // namespace itemized::client
