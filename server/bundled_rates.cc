// SPDX-License-Identifier: Apache-2.0
#include "server/bundled_rates.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"
#include <spdlog/spdlog.h>

#include "server/convert/rates.h"
#include "storage/base/check.h"

namespace itemized::server {

std::vector<Rate> ReadRates(absl::string_view set_rates_request) {
  v1::SetRatesRequest request;
  CHECK(
      request.ParseFromArray(set_rates_request.data(), static_cast<int>(set_rates_request.size())));
  absl::StatusOr<std::vector<Rate>> rates = ToRates(request);
  CHECK_OK(rates.status());
  return *std::move(rates);
}

void PutBundledRates(std::vector<Rate> rates, Database& database) {
  const std::string source = rates.empty() ? "none" : rates.front().source;
  const auto tell = [source](const absl::StatusOr<RateChange>& change) {
    if (!change.ok()) {
      spdlog::warn("The bundled rates ({}) are not all in force: {}", source,
                   std::string(change.status().message()));
    } else if (change->added + change->replaced + change->removed > 0) {
      spdlog::info(
          "The bundled rates are now {}: {} added, {} changed, {} removed; {} earlier calls have "
          "their first price. Others keep theirs, unless `itemize rates reprice` is run.",
          source, change->added, change->replaced, change->removed, change->repriced_calls);
    }
  };
  database.SetBundledRates(std::move(rates), Reprice::kUnpriced, tell);
}

}  // namespace itemized::server
