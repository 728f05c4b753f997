// SPDX-License-Identifier: Apache-2.0
#include "storage/query/what_if_sums.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/rational.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

constexpr int64_t kThirtyDaysUs = 30 * kMicrosPerDay;

// A step as the changes so far have it: it costs reach * cost + gates.
struct StepNow {
  Rational reach = 1;  // The part of its calls that the gates let through.
  Rational gates = 0;  // What the gates cost.
  Picos cost = 0;      // What its calls cost if all were let through.
  int64_t calls = 0;
  bool is_dropped = false;

  Rational Total() const { return reach * ToRational(cost) + gates; }
};

std::optional<Picos> BreakEvenSkip(const Gate& gate, const StepNow& step) {
  if (step.cost <= 0) {
    return std::nullopt;
  }
  const Rational share = ToRational(Picos(gate.cost) * step.calls) / ToRational(step.cost);
  return RoundHalfEven(share * kShareWhole);
}

// Returns after how many calls of a step `saving`, which is for `calls` of them, has paid `setup`.
std::optional<int64_t> BreakEvenCalls(int64_t setup, int64_t calls, const Rational& saving) {
  if (saving <= 0) {
    return std::nullopt;
  }
  const Rational needed = ToRational(Picos(setup) * calls) / saving;
  if (needed > std::numeric_limits<int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(RoundUp(needed));
}

// Applies changes one after the other.
class Composer {
 public:
  Composer(const WhatIfPlan& plan, const WhatIfSums& sums, int64_t recorded_us)
      : plan_(plan), sums_(sums), recorded_us_(recorded_us) {
    BeginAnew();
  }

  // Forgets all changes so far.
  void BeginAnew() {
    steps_.clear();
    for (const PlainSums& step : sums_.steps) {
      steps_.push_back({.cost = step.cost, .calls = step.calls});
    }
    total_ = ToRational(sums_.all.cost);
    rounded_ = sums_.all.cost;
    saving_30d_ = 0;
  }

  absl::Status Add(const StepChange& change, size_t place, ChangeOutcome* outcome) {
    StepNow& step = steps_[plan_.StepOf(place)];
    outcome->calls = step.calls;
    const StepNow before = step;
    if (const auto* const gate = std::get_if<Gate>(&change.what)) {
      RETURN_IF_ERROR(Put(*gate, change.step, plan_.StepOf(place), &step, outcome));
    } else if (std::holds_alternative<DropStep>(change.what)) {
      outcome->counts.changed = step.is_dropped ? 0 : step.calls;
      step.reach = 0;
      step.gates = 0;
      step.is_dropped = true;
    } else if (!step.is_dropped) {
      step.cost -= sums_.changes[place].saving;
      outcome->counts = sums_.changes[place].counts;
    }
    const Rational saving = before.Total() - step.Total();
    if (outcome->gate.has_value()) {
      outcome->gate->break_even_calls =
          BreakEvenCalls(std::get<Gate>(change.what).setup, step.calls, saving);
    }
    total_ -= saving;
    Write(outcome);
    return absl::OkStatus();
  }

  Picos after() const { return rounded_; }
  Picos saving_30d() const { return saving_30d_; }

 private:
  absl::Status Put(const Gate& gate, const std::string& name, size_t place, StepNow* step,
                   ChangeOutcome* outcome) const {
    outcome->gate.emplace();
    Rational skip;
    if (gate.skip.has_value()) {
      skip = Rational(*gate.skip, kShareWhole);
    } else {
      const StepRunCounts& runs = sums_.runs[place];
      if (runs.complete == 0) {
        return absl::InvalidArgumentError(absl::StrCat(
            "No run with step ", Quoted(name),
            " is complete in this window, so that nothing says how often its output was not used; "
            "give the share that the gate skips, such as skip=0.5, or a longer window."));
      }
      skip = Rational(runs.unused, runs.complete);
      outcome->gate->is_measured = true;
      outcome->gate->runs = runs.complete;
      outcome->gate->unused_runs = runs.unused;
    }
    outcome->gate->skip = static_cast<int64_t>(RoundHalfEven(skip * kShareWhole));
    outcome->gate->break_even_skip = BreakEvenSkip(gate, *step);
    const Rational reaching = step->reach * step->calls;
    outcome->counts.changed = static_cast<int64_t>(RoundHalfEven(reaching * skip));
    step->gates += reaching * gate.cost;
    step->reach *= 1 - skip;
    return absl::OkStatus();
  }

  // Rounds running totals and takes differences, so that the changes add up to the last digit.
  void Write(ChangeOutcome* outcome) {
    const Picos rounded = RoundHalfEven(total_);
    outcome->saving = std::exchange(rounded_, rounded) - rounded;
    const Rational saving = ToRational(sums_.all.cost - rounded);
    const Picos in_30d = RoundHalfEven(saving * kThirtyDaysUs / recorded_us_);
    outcome->saving_30d = in_30d - std::exchange(saving_30d_, in_30d);
  }

  const WhatIfPlan& plan_;
  const WhatIfSums& sums_;
  const int64_t recorded_us_;
  std::vector<StepNow> steps_;
  Rational total_;
  Picos rounded_ = 0;     // The total, rounded.
  Picos saving_30d_ = 0;  // What all changes so far save in 30 days.
};

}  // namespace

void PlainSums::Add(const CallSums& sums) {
  calls += sums.calls;
  unpriced_calls += sums.unpriced_calls;
  cost += sums.cost;
}

void PlainSums::Add(const PlainSums& sums) {
  calls += sums.calls;
  unpriced_calls += sums.unpriced_calls;
  cost += sums.cost;
}

absl::Status Compose(const WhatIfQuery& query, const WhatIfPlan& plan, const WhatIfSums& sums,
                     int64_t recorded_us, WhatIfAnswer* answer) {
  Composer composer(plan, sums, recorded_us);
  answer->before = sums.all.cost;
  answer->unpriced_calls = sums.all.unpriced_calls;
  for (size_t i = 0; i < query.changes.size(); ++i) {
    if (query.alone) {
      composer.BeginAnew();
    }
    RETURN_IF_ERROR(composer.Add(query.changes[i], i, &answer->changes.emplace_back()));
  }
  answer->after = composer.after();
  answer->saving_30d = composer.saving_30d();
  return absl::OkStatus();
}

}  // namespace itemized
