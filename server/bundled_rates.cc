// SPDX-License-Identifier: Apache-2.0
#include "server/bundled_rates.h"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

namespace itemized::server {

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
