// SPDX-License-Identifier: Apache-2.0
#pragma once

// The readers of the three forms of price files. `root` is an object; for genai-prices it is an
// array. Errors are those of ParseRateFile.

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/rates.pb.h"

#include "client/rates/import.h"
#include "client/rates/json.h"

namespace itemized::client {

absl::StatusOr<RateImport> ParseSimple(const JsonValue& root, const RateImportOptions& options);
absl::StatusOr<RateImport> ParseLiteLlm(const JsonValue& root, const RateImportOptions& options);
absl::StatusOr<RateImport> ParseGenaiPrices(const JsonValue& root,
                                            const RateImportOptions& options);

// Reads one object of a model of the simple form: a rate, and one more for each tier of service and
// region that it names.
absl::StatusOr<std::vector<v1::Rate>> ReadSimpleModel(absl::string_view model,
                                                      const JsonValue& value,
                                                      const RateImportOptions& options);

// Whether `name` is a field of a model in the simple form.
bool IsSimpleField(absl::string_view name);

}  // namespace itemized::client
