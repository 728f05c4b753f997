// SPDX-License-Identifier: Apache-2.0
#pragma once

// client/cli/report makes a bill of the answers to all questions about one window, as a page, as
// Markdown, as a table of values or as JSON.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "itemized/v1/analysis.pb.h"
#include "itemized/v1/query.pb.h"
#include "itemized/v1/rates.pb.h"

#include "client/cpp/connection.h"

namespace itemized::cli {

namespace pb = itemized::v1;

struct BillRequest {
  pb::WindowSpec window;
  absl::TimeZone zone = absl::UTCTimeZone();
  int32_t limit = 0;  // Rows at most of each list; 0: all, but 100 outliers.
};

// What the changes are changes from.
enum class ComparedWith : uint8_t {
  kWindowBefore,  // The window of the same length before.
  kFirstHalf,     // The first half of the window, with the second: nothing is recorded before it.
};

// The answers that a bill is made of. Their sums agree, unless `is_moving`.
struct Bill {
  pb::GetTopResponse steps;
  pb::GetTopResponse models;
  pb::GetSeriesResponse series;  // It is by day, or by hour in a short window; empty in one of many years.
  pb::GetWorkflowsResponse workflows;
  pb::GetWastedResponse wasted;
  pb::CompareResponse change;
  ComparedWith compared_with = ComparedWith::kWindowBefore;
  pb::GetOutliersResponse outliers;  // The dearest stand first.
  pb::AdviseResponse advice;
  pb::GetMissingRatesResponse missing_rates;  // Asked only if calls are not priced.
  bool is_moving = false;  // Events came in between the questions, each time that they were asked.
};

// Asks everything, and again if events came in meanwhile, three times at most. Errors are those of
// the questions.
absl::StatusOr<Bill> AskBill(client::Connection& connection, const BillRequest& request);

}  // namespace itemized::cli
