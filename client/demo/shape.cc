// SPDX-License-Identifier: Apache-2.0
#include "client/demo/shape.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

namespace itemized::demo {
namespace {

int64_t MedianOf(std::vector<int64_t> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Ratio(double part, double whole) {
  return whole == 0 ? 0 : part / whole;
}

double Dollars(Picos picos) {
  return static_cast<double>(picos) / double{kPicosPerUsd};
}

void MeasureOutliers(const std::vector<int64_t>& costs, Shape::Step* step) {
  step->median_picos = MedianOf(costs);
  std::vector<int64_t> above;
  for (const int64_t cost : costs) {
    if (cost > 5 * step->median_picos) {
      above.push_back(cost);
    }
  }
  step->outliers = static_cast<int64_t>(above.size());
  step->median_multiple =
      Ratio(static_cast<double>(MedianOf(above)), static_cast<double>(step->median_picos));
}

}  // namespace

void Shape::Add(const Delivery& delivery) {
  if (delivery.is_completion) {
    ++runs_[delivery.completion.outcome];
    return;
  }
  const Call& call = delivery.call;
  ++calls_;
  ++step_calls_[call.step];
  late_ += delivery.at_us > call.time_us ? 1 : 0;
  const std::pair key(call.provider, call.model);
  auto found = schedules_.find(key);
  if (found == schedules_.end()) {
    found = schedules_.emplace(key, book_.Find(call.provider, call.model)).first;
  }
  const Rate* const rate = found->second.At(call.time_us);
  const std::optional<Picos> cost =
      rate != nullptr && call.usage ? PriceUsage(*rate, *call.usage) : std::nullopt;
  if (!cost) {
    ++unpriced_;
    return;
  }
  cost_ += *cost;
  costs_[call.step].push_back(static_cast<int64_t>(*cost));
}

std::vector<Shape::Step> Shape::Steps() const {
  std::vector<Step> steps;
  for (const auto& [name, calls] : step_calls_) {
    Step step;
    step.name = name;
    step.calls = calls;
    if (const auto found = costs_.find(name); found != costs_.end()) {
      for (const int64_t cost : found->second) {
        step.cost += cost;
      }
      MeasureOutliers(found->second, &step);
    }
    step.call_share = Ratio(static_cast<double>(calls), static_cast<double>(calls_));
    step.spend_share = Ratio(Dollars(step.cost), Dollars(cost_));
    steps.push_back(std::move(step));
  }
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return a.cost > b.cost; });
  return steps;
}

int64_t Shape::runs(Outcome outcome) const {
  const auto found = runs_.find(outcome);
  return found == runs_.end() ? 0 : found->second;
}

std::string Shape::ToString() const {
  std::string text =
      absl::StrFormat("%-16s %9s %7s %12s %7s %10s %9s %9s\n", "step", "calls", "calls",
                      "spend USD", "spend", "median USD", "outliers", "x median");
  int64_t outliers = 0;
  for (const Step& step : Steps()) {
    outliers += step.outliers;
    absl::StrAppendFormat(
        &text, "%-16s %9d %6.1f%% %12.2f %6.1f%% %10.6f %8.1f%% %9.1f\n", step.name, step.calls,
        100 * step.call_share, Dollars(step.cost), 100 * step.spend_share,
        Dollars(step.median_picos),
        100 * Ratio(static_cast<double>(step.outliers), static_cast<double>(step.calls)),
        step.median_multiple);
  }
  absl::StrAppendFormat(
      &text, "%d calls, %s USD, %.1f %% outliers, %d unpriced, %d late\n", calls_, FormatUsd(cost_),
      100 * Ratio(static_cast<double>(outliers), static_cast<double>(calls_)), unpriced_, late_);
  absl::StrAppendFormat(&text, "%d runs completed, %d failed, %d short-circuited, %d abandoned\n",
                        runs(Outcome::kCompleted), runs(Outcome::kFailed),
                        runs(Outcome::kShortCircuited), runs(Outcome::kAbandoned));
  return text;
}

}  // namespace itemized::demo
