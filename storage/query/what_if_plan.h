// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a replay has to read, and whether its changes can be made at all.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/catalog/catalog.h"
#include "storage/query/snapshot.h"
#include "storage/query/step_replay.h"
#include "storage/query/what_if.h"

namespace itemized {

// One step that a question changes.
struct ChangedStep {
  NameId id;
  std::vector<size_t> call_changes;  // CallChanges::Of the step.
  bool is_measured = false;          // Some gate wants to know how often its output was not used.
};

// Immutable once it is made, so thread-safe.
class WhatIfPlan {
 public:
  static constexpr uint32_t kNoStep = std::numeric_limits<uint32_t>::max();

  // Errors are INVALID_ARGUMENT with a sentence: a change that makes no sense, an unknown step, a
  // model without a rate. `query` outlives the plan.
  static absl::StatusOr<WhatIfPlan> Make(const WhatIfQuery& query, const Snapshot& snapshot);

  const CallChanges& changes() const { return *changes_; }
  const std::vector<ChangedStep>& steps() const { return steps_; }
  // The place among steps() of that of a change.
  size_t StepOf(size_t change) const { return step_of_change_[change]; }
  // The place of a step; kNoStep if nothing changes it.
  uint32_t PlaceOf(NameId step) const;
  // PlaceOf for the step of each SeriesId.
  const std::vector<uint32_t>& places() const { return places_; }

  // The steps of which calls have to be read, and why.
  std::vector<NameId> StepsToRead() const;
  bool prices() const;
  bool measures() const;

 private:
  WhatIfPlan() = default;
  absl::Status AddStep(const StepChange& change, const Catalog& catalog);
  absl::Status CheckSwaps(const WhatIfQuery& query, const Catalog& catalog) const;

  std::unique_ptr<const CallChanges> changes_;
  std::vector<ChangedStep> steps_;
  std::vector<size_t> step_of_change_;
  std::vector<uint32_t> places_;
};

}  // namespace itemized
