// SPDX-License-Identifier: Apache-2.0
#include "storage/query/step_facts.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/attribute_traits.h"
#include "storage/query/call_source.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

// The calls of a step, as one thread finds them.
struct StepSample {
  Histogram input;
  Histogram output;
  Histogram outlier_input;

  void Merge(const StepSample& other) {
    input.Merge(other.input);
    output.Merge(other.output);
    outlier_input.Merge(other.outlier_input);
  }
};

// The calls of a series, as one thread finds them.
struct SeriesSample {
  CallSums sums;
  Picos outlier_cost = 0;

  void Merge(const SeriesSample& other) {
    sums.Merge(other.sums);
    outlier_cost += other.outlier_cost;
  }
};

// Adds up the rows of the log. Not thread-safe.
class Sampler : public FilteringWorker {
 public:
  // `steps` has the step of each series of the snapshot, and outlives it.
  Sampler(RowFilter filter, const std::vector<NameId>& steps)
      : FilteringWorker(std::move(filter)), steps_of_series_(steps), series_(steps.size()) {}

  void Add(const Block& picked) override {
    const CallRows& calls = picked.calls;
    const RowSums sums(calls);
    for (size_t row = 0; row < calls.size(); ++row) {
      const int64_t weight = calls.weight[row];
      SeriesSample& series = series_[calls.series[row]];
      sums.AddTo(&series.sums, row, weight);
      const Usage usage = calls.UsageAt(row);
      StepSample& step = StepOf(steps_of_series_[calls.series[row]]);
      step.input.Add(usage.TotalInput(), weight);
      step.output.Add(usage.TotalTokens() - usage.TotalInput(), weight);
      if (IsOutlier(calls.flags[row])) {
        step.outlier_input.Add(usage.TotalInput(), weight);
        series.outlier_cost += Picos(weight) * calls.cost_picos[row];
      }
    }
    traits_.Add(calls, steps_of_series_);
  }

  StepSample& StepOf(NameId step) {
    if (step.value() >= steps_.size()) {
      steps_.resize(step.value() + 1);
    }
    return steps_[step.value()];
  }

  void Merge(const Sampler& other) {
    for (size_t i = 0; i < series_.size(); ++i) {
      series_[i].Merge(other.series_[i]);
    }
    for (uint32_t i = 0; i < other.steps_.size(); ++i) {
      StepOf(NameId(i)).Merge(other.steps_[i]);
    }
    traits_.Merge(other.traits_);
  }

  const std::vector<SeriesSample>& series() const { return series_; }
  const AttributeTraits& traits() const { return traits_; }

 private:
  const std::vector<NameId>& steps_of_series_;
  std::vector<SeriesSample> series_;  // Indexed by SeriesId.
  std::vector<StepSample> steps_;     // Indexed by NameId.
  AttributeTraits traits_;
};

// Puts together what was found of one step.
class FactsMaker {
 public:
  void Add(const Catalog& catalog, const SeriesKey& key, const SeriesSample& sample) {
    facts_.calls += sample.sums.calls;
    facts_.spend += sample.sums.cost;
    facts_.outliers += sample.sums.outliers;
    facts_.outlier_spend += sample.outlier_cost;
    facts_.input_tokens += sample.sums.usage.TotalInput();
    facts_.cached_tokens +=
        sample.sums.usage[UsageClass::kCacheRead] + sample.sums.usage[UsageClass::kCacheReadAudio];
    spend_[{catalog.Name(NameKind::kProvider, key[NameKind::kProvider]),
            catalog.Name(NameKind::kModel, key[NameKind::kModel])}] += sample.sums.cost;
    for (const auto& [kind, name] :
         {std::pair("model", NameKind::kModel), std::pair("workflow", NameKind::kWorkflow)}) {
      traits_[{kind, catalog.Name(name, key[name])}].Merge(
          {.calls = sample.sums.calls, .outliers = sample.sums.outliers});
    }
  }

  StepFacts Make(NameId step, const StepSample& sample, const AttributeTraits& traits) {
    facts_.input_p50 = sample.input.Quantile(0.5);
    facts_.input_p95 = sample.input.Quantile(0.95);
    facts_.output_p95 = sample.output.Quantile(0.95);
    facts_.outlier_input_p50 = sample.outlier_input.Quantile(0.5);
    facts_.input_mean = static_cast<int64_t>(DivideRounded(facts_.input_tokens, facts_.calls));
    const auto dearest =
        std::max_element(spend_.begin(), spend_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    std::tie(facts_.provider, facts_.model) = dearest->first;
    traits.Visit(step,
                 [this](absl::string_view key, absl::string_view value, const TraitCounts& counts) {
                   traits_[{"attribute", absl::StrCat(key, "=", value)}] = counts;
                 });
    FindTrait();
    return std::move(facts_);
  }

 private:
  // A trait is telling if most outliers have it, and a part of the calls that is half as large. Of
  // several that as many outliers have, the rarest tells most.
  void FindTrait() {
    for (const auto& [name, counts] : traits_) {
      const bool tells_more =
          counts.outliers > facts_.trait_outliers ||
          (counts.outliers == facts_.trait_outliers && counts.calls < facts_.trait_calls);
      if (counts.outliers * 2 > facts_.outliers && tells_more &&
          Picos(counts.calls) * facts_.outliers * 2 <= Picos(counts.outliers) * facts_.calls) {
        std::tie(facts_.trait_kind, facts_.trait) = name;
        facts_.trait_outliers = counts.outliers;
        facts_.trait_calls = counts.calls;
      }
    }
  }

  StepFacts facts_;
  std::map<std::pair<std::string, std::string>, Picos> spend_;  // Its keys are provider and model.
  std::map<std::pair<std::string, std::string>, TraitCounts> traits_;
};

// What is read from the log for the facts of all steps.
class Sample {
 public:
  // `context` and `filter` outlive it.
  static absl::StatusOr<Sample> Open(const QueryContext& context, const Snapshot& snapshot,
                                     TimeRange range, const CallFilter& filter,
                                     const Cancellation* cancellation) {
    Sample sample(context);
    const Catalog& catalog = snapshot.state.catalog;
    for (SeriesId id; id.value() < catalog.series_count(); ++id) {
      sample.steps_->push_back(catalog.Series(id)[NameKind::kStep]);
    }
    const CallSource source(context, snapshot, {.range = range, .filter = filter},
                            AttributeTraits::columns(), cancellation);
    ASSIGN_OR_RETURN(LogScan log, source.OpenLog(snapshot, source.filter()));
    sample.log_ = std::make_unique<LogScan>(std::move(log));
    for (size_t thread = 0; thread < kThreadsOfAJob; ++thread) {
      sample.samplers_.push_back(std::make_unique<Sampler>(source.filter(), *sample.steps_));
    }
    return sample;
  }

  // Reads the log, once the snapshot has ended.
  absl::StatusOr<FactsOfSteps> Read(const Cancellation* cancellation) && {
    std::vector<ScanWorker*> workers;
    for (const auto& sampler : samplers_) {
      workers.push_back(sampler.get());
    }
    RETURN_IF_ERROR(std::move(*log_).Read(workers, cancellation));
    Sampler& all = *samplers_.front();
    for (size_t i = 1; i < samplers_.size(); ++i) {
      all.Merge(*samplers_[i]);
    }
    const ReaderLock lock(context_->state.mutex);
    return FactsOf(context_->state.catalog, &all);
  }

 private:
  explicit Sample(const QueryContext& context) : context_(&context) {}

  static FactsOfSteps FactsOf(const Catalog& catalog, Sampler* all) {
    std::map<NameId, FactsMaker> makers;
    for (SeriesId id; id.value() < all->series().size(); ++id) {
      const SeriesSample& sample = all->series()[id.value()];
      if (sample.sums.calls != 0) {
        const SeriesKey& key = catalog.Series(id);
        makers[key[NameKind::kStep]].Add(catalog, key, sample);
      }
    }
    FactsOfSteps facts;
    for (auto& [step, maker] : makers) {
      facts[catalog.Name(NameKind::kStep, step)] =
          maker.Make(step, all->StepOf(step), all->traits());
    }
    return facts;
  }

  const QueryContext* context_;
  std::unique_ptr<std::vector<NameId>> steps_ = std::make_unique<std::vector<NameId>>();
  std::unique_ptr<LogScan> log_;
  std::vector<std::unique_ptr<Sampler>> samplers_;
};

// Adds what rankings say: unsurfaced spend, and how long prompts were in the window before.
absl::Status AddRankings(const QueryContext& context, TimeRange range, const CallFilter& filter,
                         const Cancellation* cancellation, FactsOfSteps* facts) {
  ASSIGN_OR_RETURN(const TopAnswer now, AnswerTop(context,
                                                  {.window = Window::Of(range),
                                                   .by = GroupBy::kStep,
                                                   .attribute_key = {},
                                                   .filter = filter},
                                                  cancellation));
  for (const TopRow& row : now.rows) {
    if (const auto found = facts->find(row.key); found != facts->end()) {
      found->second.unsurfaced = row.unsurfaced;
    }
  }
  const TimeRange earlier{range.start_us - (range.end_us - range.start_us), range.start_us};
  const absl::StatusOr<TopAnswer> before = AnswerTop(
      context,
      {.window = Window::Of(earlier), .by = GroupBy::kStep, .attribute_key = {}, .filter = filter},
      cancellation);
  if (absl::IsInvalidArgument(before.status())) {
    return absl::OkStatus();  // Nothing of that time is kept, or it is before 1970.
  }
  RETURN_IF_ERROR(before.status());
  for (const TopRow& row : before->rows) {
    if (const auto found = facts->find(row.key); found != facts->end() && row.sums.calls > 0) {
      found->second.input_mean_before =
          static_cast<int64_t>(DivideRounded(row.sums.usage.TotalInput(), row.sums.calls));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FactsOfSteps> GatherStepFacts(const QueryContext& context, TimeRange range,
                                             const CallFilter& filter,
                                             const Cancellation* cancellation) {
  std::optional<Sample> sample;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(sample, Sample::Open(context, snapshot, range, filter, cancellation));
  }
  ASSIGN_OR_RETURN(FactsOfSteps facts, std::move(*sample).Read(cancellation));
  RETURN_IF_ERROR(AddRankings(context, range, filter, cancellation, &facts));
  return facts;
}

}  // namespace itemized
