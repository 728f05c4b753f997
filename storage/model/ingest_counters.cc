// SPDX-License-Identifier: Apache-2.0
#include "storage/model/ingest_counters.h"

#include <algorithm>

namespace itemized {

void IngestCounters::AddRest(const BatchResult& result) {
  duplicates += result.duplicate;
  refused += result.refused();
  conflicts +=
      result.conflicts_omitted +
      std::count_if(result.refusals.begin(), result.refusals.end(),
                    [](const Refusal& refusal) { return refusal.code == RefusalCode::kConflict; });
}

void IngestCounters::Add(const IngestCounters& other) {
  calls += other.calls;
  completions += other.completions;
  late_calls += other.late_calls;
  duplicates += other.duplicates;
  refused += other.refused;
  conflicts += other.conflicts;
  commits += other.commits;
}

}  // namespace itemized
