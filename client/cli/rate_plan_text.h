// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a price list changes in the rate book, as people and scripts read it.

#include <optional>
#include <string>
#include <vector>

#include "itemized/v1/rates.pb.h"

#include "client/cli/session.h"
#include "client/rates/import.h"
#include "client/rates/rate_plan.h"

namespace itemized::cli {

// A plan, and what the file has that no rate has.
struct RateReport {
  client::RatePlan plan;
  std::vector<client::LeftOut> left_out;
  std::vector<std::string> warnings;  // Prices that move more than tenfold.
  std::vector<std::string> notes;     // What the reader of the file has to say.
};

// Prints what would change, in words or as JSON. Returns the exit status of a dry run.
int PrintDryRun(const RateReport& report, Session& session);

// Prints why rates are refused, so that none is set. Returns kExitRefused.
int PrintRefused(const RateReport& report, Session& session);

// Prints what was done, in words or as JSON.
void PrintImported(const RateReport& report, const pb::SetRatesResponse& response,
                   Session& session);

// Prints notes and warnings on standard error.
void PrintWarnings(const RateReport& report, Session& session);

}  // namespace itemized::cli
