// SPDX-License-Identifier: Apache-2.0
// Which changes are worth a test: what the record makes likely, each replayed by itself to see what
// it would have saved.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

#include "storage/base/status_macros.h"
#include "storage/pricing/provider_names.h"
#include "storage/pricing/rate_book.h"
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

// Marks of the smaller models of a family, in the names that providers give them.
constexpr std::array<absl::string_view, 6> kSmallMarks = {"haiku", "mini", "flash",
                                                          "nano",  "lite", "small"};

bool IsSmall(absl::string_view model) {
  return std::any_of(kSmallMarks.begin(), kSmallMarks.end(),
                     [&](absl::string_view mark) { return absl::StrContains(model, mark); });
}

// What a million tokens in and a quarter of a million out cost, in pico-dollars by the list.
std::optional<Picos> PriceOf(const RateBook& book, const std::string& provider,
                             const std::string& model, int64_t time_us) {
  Usage usage;
  usage[UsageClass::kInput] = 4;
  usage[UsageClass::kOutput] = 1;
  return PriceUsage(book.Find(provider, model).TermsAt(time_us), usage);
}

// Whether a rate is for models that the provider of these calls has. A rate for any provider is, if
// the name of its model begins as that of the calls does: "claude-", "gpt-".
bool IsOfProvider(const Rate& rate, const StepFacts& facts) {
  if (!rate.provider.empty()) {
    return IsSameProvider(rate.provider, facts.provider);
  }
  const absl::string_view family = absl::string_view(facts.model).substr(0, facts.model.find('-'));
  return absl::StartsWith(rate.match.text, family);
}

// Returns the dearest small model of the provider that costs half as much at most; "" if none does.
std::string CheaperModel(const RateBook& book, const StepFacts& facts, int64_t time_us) {
  const std::optional<Picos> now = PriceOf(book, facts.provider, facts.model, time_us);
  std::string best;
  Picos best_price = 0;
  if (!now.has_value()) {
    return best;
  }
  for (const Rate& rate : book.List()) {
    const std::string& model = rate.match.text;
    if (rate.match.kind != ModelMatch::Kind::kEquals || !IsSmall(model) ||
        !rate.service_tier.empty() || !rate.region.empty() || rate.is_multiplier() ||
        !IsOfProvider(rate, facts)) {
      continue;
    }
    const std::optional<Picos> price = PriceOf(book, facts.provider, model, time_us);
    if (price.has_value() && *price * 2 <= *now &&
        std::tie(*price, model) > std::tie(best_price, best)) {
      best = model;
      best_price = *price;
    }
  }
  return best;
}

// Finds changes that the facts of a step make likely.
class Candidates {
 public:
  Candidates(const RateBook& book, int64_t time_us) : book_(book), time_us_(time_us) {}

  void AddFor(const std::string& step, const StepFacts& facts) {
    if (facts.unsurfaced * kUnsurfacedPartMax >= facts.spend) {
      Add(step, AdviceKind::kGate, Gate(), facts);
    }
    if (facts.output_p95 > 0 && facts.output_p95 <= kShortOutput && !IsSmall(facts.model)) {
      const std::string model = CheaperModel(book_, facts, time_us_);
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

  const RateBook& book_;
  const int64_t time_us_;
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

// Replays each change by itself, and keeps those that save something.
absl::StatusOr<std::vector<Advice>> Replayed(const QueryContext& context, TimeRange range,
                                             const CallFilter& filter,
                                             std::vector<Advice> candidates,
                                             const Cancellation* cancellation) {
  std::vector<Advice> rows;
  for (Advice& advice : candidates) {
    const absl::StatusOr<WhatIfAnswer> answer = AnswerWhatIf(
        context, {.window = Window::Of(range), .filter = filter, .changes = {advice.change}},
        cancellation);
    if (absl::IsInvalidArgument(answer.status())) {
      continue;  // The change cannot be made, such as a gate without a complete run to measure.
    }
    RETURN_IF_ERROR(answer.status());
    advice.outcome = answer->changes.front();
    if (advice.outcome.saving > 0) {
      rows.push_back(std::move(advice));
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Advice& a, const Advice& b) {
    return a.outcome.saving != b.outcome.saving
               ? a.outcome.saving > b.outcome.saving
               : std::tie(a.step, a.kind) < std::tie(b.step, b.kind);
  });
  return rows;
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
  const std::shared_ptr<const RateBook> book = context.state.rates.book();
  Candidates candidates(*book, answer.range.end_us - 1);
  for (const auto* step : StepsWorthALook(facts, answer.spend)) {
    candidates.AddFor(step->first, step->second);
  }
  ASSIGN_OR_RETURN(answer.rows,
                   Replayed(context, answer.range, query.filter, candidates.Take(), cancellation));
  return answer;
}

}  // namespace itemized
