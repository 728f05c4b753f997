// SPDX-License-Identifier: Apache-2.0
#pragma once

// Answers as text, one line a row: what tests compare, to the last digit, so
// that a difference reads as a diff. Where the order of equals is left open,
// the text is sorted.

#include <string>
#include <vector>

#include "storage/database/database.h"
#include "storage/model/event_batch.h"
#include "storage/pricing/rate.h"
#include "storage/query/query_types.h"

namespace itemized::testing {

std::string Describe(const TopAnswer& answer);
std::string Describe(const WorkflowsAnswer& answer);
std::string Describe(const RunAnswer& answer);
std::string Describe(const SeriesAnswer& answer);
std::string Describe(const OutliersAnswer& answer);
std::string Describe(const WastedAnswer& answer);
std::string Describe(const Threshold& threshold);
std::string Describe(const BatchResult& result);  // It leaves out the sentences.
std::string Describe(const RateChange& change);
std::string Describe(const BilledCall& billed);
std::string Describe(std::vector<UnpricedModel> models);
std::string Describe(const std::vector<Rate>& rates);

}  // namespace itemized::testing
