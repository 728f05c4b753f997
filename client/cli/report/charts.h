// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "client/cli/report/document.h"

namespace itemized::cli {

// Returns a figure with an SVG: a row for each bar, with its part of the spend, its part of the
// calls below, a line of the cumulative part, its amount and its tags; "" without bars.
std::string ParetoSvg(const std::vector<ParetoBar>& bars);

// Returns a figure with an SVG of columns; "" without any.
std::string TimeSvg(const std::vector<TimeBar>& bars);

}  // namespace itemized::cli
