// SPDX-License-Identifier: Apache-2.0
#include "bench/load/totals.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace itemized::bench {

absl::Status CheckSteps(const std::string& who, const std::vector<NamedTotal>& totals,
                        const StepTotals& made) {
  std::map<std::string, NamedTotal> counted;
  for (const NamedTotal& total : totals) {
    counted[total.step] = total;
  }
  size_t steps = 0;
  for (int step = 0; step < kSteps; ++step) {
    const WorkloadStep& expected = made[static_cast<size_t>(step)];
    if (expected.calls == 0) {
      continue;
    }
    ++steps;
    const NamedTotal& total = counted[StepName(step)];
    if (total.calls != expected.calls || total.cost != expected.cost) {
      return absl::InternalError(absl::StrCat(
          who, " counts ", total.calls, " calls and ", FormatUsd(total.cost), " USD of ",
          StepName(step), "; sent were ", expected.calls, " of ", FormatUsd(expected.cost)));
    }
  }
  return totals.size() == steps ? absl::OkStatus()
                                : absl::InternalError(absl::StrCat(who, " counts ", totals.size(),
                                                                   " steps; sent were ", steps));
}

}  // namespace itemized::bench
