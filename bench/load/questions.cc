// SPDX-License-Identifier: Apache-2.0
#include "bench/load/questions.h"

#include <map>
#include <optional>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/time.h"

namespace itemized::bench {
namespace {

constexpr int kAsked = 0;  // The number of each name that is asked for.
constexpr int kModelCount = static_cast<int>(kModels.size());

// The number of the row that a call belongs to; none if the question is not about it.
std::optional<int> KeyOf(Question question, const WorkloadCall& call) {
  const auto if_asked = [](int name, int key) {
    return name == kAsked ? std::optional(key) : std::nullopt;
  };
  switch (question) {
    case Question::kTop:
      return call.step;
    case Question::kFiltered:
      return if_asked(call.workflow, call.step);
    case Question::kFilteredModel:
      return if_asked(call.model, call.step);
    case Question::kStepByModel:
      return if_asked(call.step, call.model);
    case Question::kStepByWorkflow:
      return if_asked(call.step, call.workflow);
    case Question::kFilteredAttribute:
      return if_asked(call.tenant, call.step);
    case Question::kByAttribute:
      return call.tenant + 1;  // 0: it names none.
    case Question::kSeriesSplit: {
      const int day = static_cast<int>(call.time_us / kMicrosPerDay);
      return if_asked(call.step, day * kModelCount + call.model);
    }
  }
  CHECK(false);
}

std::string KeyName(Question question, int key) {
  switch (question) {
    case Question::kTop:
    case Question::kFiltered:
    case Question::kFilteredModel:
    case Question::kFilteredAttribute:
      return StepName(key);
    case Question::kStepByModel:
      return kModels[static_cast<size_t>(key)].name;
    case Question::kStepByWorkflow:
      return WorkflowName(key);
    case Question::kByAttribute:
      return key == 0 ? "" : TenantName(key - 1);
    case Question::kSeriesSplit:
      return absl::StrCat(key / kModelCount, "/",
                          kModels[static_cast<size_t>(key % kModelCount)].name);
  }
  CHECK(false);
}

}  // namespace

std::string AskedStep() {
  return StepName(kAsked);
}
std::string AskedWorkflow() {
  return WorkflowName(kAsked);
}
std::string AskedModel() {
  return kModels[kAsked].name;
}
std::string AskedTenant() {
  return TenantName(kAsked);
}

const char* NameOf(Question question) {
  static constexpr std::array<const char*, kQuestions.size()> kNames = {
      "top",           "filtered",         "filtered_model",
      "step_by_model", "step_by_workflow", "filtered_attribute",
      "by_attribute",  "series_split"};
  return kNames[static_cast<size_t>(question)];
}

void ExpectedAnswers::Add(const WorkloadCall& call) {
  for (const Question question : kQuestions) {
    const std::optional<int> key = KeyOf(question, call);
    if (!key.has_value()) {
      continue;
    }
    std::vector<Total>& totals = totals_[static_cast<size_t>(question)];
    const auto place = static_cast<size_t>(*key);
    if (place >= totals.size()) {
      totals.resize(place + 1);
    }
    ++totals[place].calls;
    totals[place].cost += Picos{call.cost_picos};
  }
}

absl::Status ExpectedAnswers::Check(const std::string& who, Question question,
                                    const std::vector<NamedTotal>& rows) const {
  std::map<std::string, NamedTotal> counted;
  for (const NamedTotal& row : rows) {
    counted[row.key] = row;
  }
  const std::vector<Total>& totals = totals_[static_cast<size_t>(question)];
  size_t expected_rows = 0;
  for (size_t key = 0; key < totals.size(); ++key) {
    const Total& expected = totals[key];
    if (expected.calls == 0) {
      continue;
    }
    ++expected_rows;
    const std::string name = KeyName(question, static_cast<int>(key));
    const NamedTotal& row = counted[name];
    if (row.calls != expected.calls || row.cost != expected.cost) {
      return absl::InternalError(absl::StrCat(who, " counts ", row.calls, " calls and ",
                                              FormatUsd(row.cost), " USD of \"", name, "\" in ",
                                              NameOf(question), "; sent were ", expected.calls,
                                              " of ", FormatUsd(expected.cost)));
    }
  }
  return rows.size() == expected_rows
             ? absl::OkStatus()
             : absl::InternalError(absl::StrCat(who, " has ", rows.size(), " rows in ",
                                                NameOf(question), "; sent were ", expected_rows));
}

}  // namespace itemized::bench
