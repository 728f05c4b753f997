// SPDX-License-Identifier: Apache-2.0
// Which changes are worth a test: what the record makes likely, each replayed by itself to see what
// it would have saved.

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/types/span.h"

#include "storage/base/status_macros.h"
#include "storage/query/cheaper_model.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"
#include "storage/query/step_facts.h"

namespace itemized {
namespace {

// Steps with fewer calls, or less than a hundredth of the spend, are not worth a look; nor are more
// than so many steps.
constexpr int64_t kCallsMin = 30;
constexpr int64_t kSpendPartMin = 100;
constexpr size_t kStepsMax = 20;

// A gate pays where a fifth of a step's spend is not surfaced.
constexpr int64_t kUnsurfacedPartMax = 5;
// Answers of so few tokens are a class, a plan or a handful of fields rather than prose.
constexpr int64_t kShortOutput = 400;
// Prompts whose 95th percentile is within a quarter of their median mostly repeat, and from so many
// tokens on providers cache them.
constexpr int64_t kCacheableTokens = 1'024;
constexpr int64_t kCacheTarget = kShareWhole / 10 * 8;
// Prompts have grown if they are longer by three tenths, and run away if one in twenty has three
// times as many tokens as the median.
constexpr int64_t kRunawayMultiple = 3;
// What outliers cost matters from a tenth of the spend on.
constexpr int64_t kOutlierPartMax = 10;

// Finds changes that the facts of a step make likely.
class Candidates {
 public:
  // `models` outlive it.
  explicit Candidates(const CheaperModels& models) : models_(models) {}

  void AddFor(const std::string& step, const StepFacts& facts) {
    if (facts.unsurfaced * kUnsurfacedPartMax >= facts.spend) {
      Add(step, AdviceKind::kGate, Gate(), facts);
    }
    if (facts.output_p95 > 0 && facts.output_p95 <= kShortOutput) {
      const std::string model = models_.For(facts.provider, facts.model);
      if (!model.empty()) {
        Add(step, AdviceKind::kModel, ModelSwap{.model = model}, facts);
      }
    }
    if (facts.input_p50 >= kCacheableTokens && facts.input_p95 * 4 <= facts.input_p50 * 5 &&
        facts.cached_tokens * 2 < facts.input_tokens) {
      Add(step, AdviceKind::kCache, CacheShare{.share = kCacheTarget}, facts);
    }
    AddCaps(step, facts);
  }

  std::vector<Advice> Take() { return std::move(found_); }

 private:
  void AddCaps(const std::string& step, const StepFacts& facts) {
    const int64_t before = facts.input_mean_before.value_or(0);
    if (before > 0 && facts.input_mean * 10 >= before * 13) {
      Add(step, AdviceKind::kContext, InputCap{.tokens = before}, facts);
    }
    if (facts.input_p50 > 0 && facts.input_p95 >= facts.input_p50 * kRunawayMultiple) {
      Add(step, AdviceKind::kRunaway, InputCap{.tokens = facts.input_p50 * 2}, facts);
    }
    if (facts.outlier_spend * kOutlierPartMax >= facts.spend && facts.outliers > 0 &&
        facts.input_p95 > 0) {
      Add(step, AdviceKind::kOutliers, InputCap{.tokens = facts.input_p95}, facts);
    }
  }

  template <typename Change>
  void Add(const std::string& step, AdviceKind kind, Change change, const StepFacts& facts) {
    found_.push_back({.step = step,
                      .kind = kind,
                      .change = {.step = step, .what = std::move(change)},
                      .outcome = {},
                      .facts = facts});
  }

  const CheaperModels& models_;
  std::vector<Advice> found_;
};

// The steps that are worth a look, the dearest first.
std::vector<const FactsOfSteps::value_type*> StepsWorthALook(const FactsOfSteps& facts,
                                                             Picos spend) {
  std::vector<const FactsOfSteps::value_type*> steps;
  for (const auto& entry : facts) {
    if (entry.second.calls >= kCallsMin && entry.second.spend * kSpendPartMin >= spend &&
        entry.second.spend > 0) {
      steps.push_back(&entry);
    }
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const auto* a, const auto* b) { return a->second.spend > b->second.spend; });
  steps.resize(std::min(steps.size(), kStepsMax));
  return steps;
}

// Replays changes, each as if it were the only one. Those that cannot be made, such as a swap to a
// model that several providers of the calls have, would have all refused; then they are replayed
// one by one, and these are left out.
absl::Status Replay(const QueryContext& context, const AdviseQuery& query, TimeRange range,
                    absl::Span<Advice> candidates, const Cancellation* cancellation) {
  WhatIfQuery what_if{.window = Window::Of(range), .filter = query.filter, .alone = true};
  for (const Advice& advice : candidates) {
    what_if.changes.push_back(advice.change);
  }
  const absl::StatusOr<WhatIfAnswer> answer = AnswerWhatIf(context, what_if, cancellation);
  if (answer.ok()) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      candidates[i].outcome = answer->changes[i];
    }
    return absl::OkStatus();
  }
  if (!absl::IsInvalidArgument(answer.status()) || candidates.size() == 1) {
    return absl::IsInvalidArgument(answer.status()) ? absl::OkStatus() : answer.status();
  }
  for (size_t i = 0; i < candidates.size(); ++i) {
    RETURN_IF_ERROR(Replay(context, query, range, candidates.subspan(i, 1), cancellation));
  }
  return absl::OkStatus();
}

// Keeps what saves something, by falling saving.
void KeepSaving(std::vector<Advice>* rows) {
  rows->erase(std::remove_if(rows->begin(), rows->end(),
                             [](const Advice& advice) { return advice.outcome.saving <= 0; }),
              rows->end());
  std::stable_sort(rows->begin(), rows->end(), [](const Advice& a, const Advice& b) {
    return a.outcome.saving != b.outcome.saving
               ? a.outcome.saving > b.outcome.saving
               : std::tie(a.step, a.kind) < std::tie(b.step, b.kind);
  });
}

}  // namespace

absl::StatusOr<AdviseAnswer> AnswerAdvise(const QueryContext& context, const AdviseQuery& query,
                                          const Cancellation* cancellation) {
  AdviseAnswer answer;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(answer.range, snapshot.Resolve(query.window));
  }
  ASSIGN_OR_RETURN(const FactsOfSteps facts,
                   GatherStepFacts(context, answer.range, query.filter, cancellation));
  for (const auto& [step, found] : facts) {
    answer.spend += found.spend;
  }
  const CheaperModels models(context.state.rates.book(), answer.range.end_us - 1);
  Candidates candidates(models);
  for (const auto* step : StepsWorthALook(facts, answer.spend)) {
    candidates.AddFor(step->first, step->second);
  }
  answer.rows = candidates.Take();
  for (size_t i = 0; i < answer.rows.size(); i += kChangesMax) {
    RETURN_IF_ERROR(Replay(context, query, answer.range,
                           absl::MakeSpan(answer.rows).subspan(i, kChangesMax), cancellation));
  }
  KeepSaving(&answer.rows);
  return answer;
}

}  // namespace itemized
