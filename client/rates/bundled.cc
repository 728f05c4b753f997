// SPDX-License-Identifier: Apache-2.0
#include "client/rates/bundled.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "client/rates/bundled_json.h"
#include "client/rates/import.h"

namespace itemized::client {

absl::StatusOr<std::vector<v1::Rate>> BundledRates() {
  RateImportOptions options;
  options.format = RateFormat::kSimple;
  absl::StatusOr<RateImport> import =
      ParseRateFile(absl::string_view(kBundledJson, kBundledJsonSize), options);
  if (!import.ok()) {
    return absl::InternalError(
        absl::StrCat("The bundled prices cannot be read. ", import.status().message()));
  }
  return std::move(import->rates);
}

}  // namespace itemized::client
