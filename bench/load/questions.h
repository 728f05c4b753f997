// SPDX-License-Identifier: Apache-2.0
#pragma once

// The questions that every database is asked about the same calls, and the answers that the
// workload knows.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "bench/load/workload.h"
#include "storage/base/money.h"

namespace itemized::bench {

enum class Question : uint8_t {
  kTop,                // Steps.
  kFiltered,           // Steps of one workflow.
  kFilteredModel,      // Steps of one model.
  kStepByModel,        // Models of one step.
  kStepByWorkflow,     // Workflows of one step.
  kFilteredAttribute,  // Steps of one tenant.
  kByAttribute,        // Tenants; "" for calls without one.
  kSeriesSplit,        // UTC days of one step by model: the number of the day, '/', the model.
};
inline constexpr std::array kQuestions = {
    Question::kTop,         Question::kFiltered,       Question::kFilteredModel,
    Question::kStepByModel, Question::kStepByWorkflow, Question::kFilteredAttribute,
    Question::kByAttribute, Question::kSeriesSplit,
};

// The step, workflow, model and tenant that they name: the first ones, which have the most calls.
std::string AskedStep();
std::string AskedWorkflow();
std::string AskedModel();
std::string AskedTenant();

// How its figures are called.
const char* NameOf(Question question);

// A row of an answer.
struct NamedTotal {
  std::string key;
  int64_t calls = 0;
  Picos cost = 0;
};

// What the calls of a workload come to. Not thread-safe.
class ExpectedAnswers {
 public:
  void Add(const WorkloadCall& call);

  // Returns INTERNAL unless `rows`, the answer of `who`, is right to the last digit.
  absl::Status Check(const std::string& who, Question question,
                     const std::vector<NamedTotal>& rows) const;

 private:
  struct Total {
    int64_t calls = 0;
    Picos cost = 0;
  };

  // They are indexed by question, then by the number of the key.
  std::array<std::vector<Total>, kQuestions.size()> totals_;
};

}  // namespace itemized::bench
