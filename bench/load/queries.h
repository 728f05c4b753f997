// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "bench/load/asker.h"
#include "bench/load/questions.h"

namespace itemized::bench {

struct QueryFigures {
  std::string name;
  double p50_ms = 0;
  double p99_ms = 0;
  int count = 0;  // Queries timed.
};

// Gives the six models their prices, `times` as high.
absl::Status SetModelRates(const std::string& address, int times = 1);

// Returns INTERNAL unless the server answers each of `questions` so.
absl::Status CheckAnswers(const std::string& address, const ExpectedAnswers& expected,
                          const QueryPlan& plan, absl::Span<const Question> questions);

// Times every kind of query over one connection, one after another: 20 to
// warm up, then 200 (slow kinds: as many as fit into `kind_seconds`, at least 5).
absl::StatusOr<std::vector<QueryFigures>> RunQueries(const std::string& address,
                                                     const QueryPlan& plan, double kind_seconds);

}  // namespace itemized::bench
