// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/report_tally.h"

#include <algorithm>

namespace itemized {

void UsageReportTally::Add(const ReportedUsage& report) {
  unknown += report.is_unknown ? 1 : 0;
  misreported += report.is_misreported ? 1 : 0;
  not_kept += report.is_too_long_to_keep ? 1 : 0;
  for (const UsageTrouble& trouble : report.troubles) {
    const bool is_new = std::none_of(troubles.begin(), troubles.end(),
                                     [&](const auto& other) { return other.kind == trouble.kind; });
    if (is_new && troubles.size() < kKindsMax) {
      troubles.push_back(trouble);
    }
  }
}

}  // namespace itemized
