// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "client/reconcile/usage_export.h"
#include "storage/base/money.h"

namespace itemized::client {

// What was traced of a model and day.
struct TracedFigures {
  int64_t calls = 0;
  int64_t unpriced_calls = 0;  // Their cost is not known, so it is not in `cost`.
  int64_t tokens = 0;
  Picos cost = 0;

  void Add(const TracedFigures& other);
};

using TracedRows = std::map<DayAndModel, TracedFigures>;

struct ComparedRow {
  Day day{};
  std::string model;
  TracedFigures traced;
  UsageFigures provider;
  bool is_traced = false;    // The traced side has calls of it.
  bool is_exported = false;  // The export has a row of it.
  bool is_within = false;    // Each figure that the export has is within the tolerance.
};

struct Comparison {
  std::vector<ComparedRow> rows;  // Sorted by day, and by model within a day.
  ComparedRow total;
  // Each says which names were compared as one, because neither side has both: 'gpt-5 as
  // gpt-5-2025-08-07'.
  std::vector<std::string> joined;
  std::vector<std::string> only_traced;    // Models that the export has on no day.
  std::vector<std::string> only_exported;  // Models that were traced on no day.

  bool is_within() const;
};

// Compares what was traced with an export, by model and day. Names of models that a rate would take
// for one are joined, where one side has a name that the other has not. `tolerance` is a part of
// the export's figure, in units of 10^-12.
Comparison Compare(const UsageExport& exported, const TracedRows& traced,
                   absl::string_view provider, Picos tolerance);

}  // namespace itemized::client
