// SPDX-License-Identifier: Apache-2.0
#include "storage/query/what_if_plan.h"

#include <algorithm>
#include <string>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "storage/base/nearest_words.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

bool IsShare(int64_t parts) {
  return parts >= 0 && parts <= kShareWhole;
}

std::string ShareText(int64_t parts) {
  static_assert(kShareWhole == kPicosPerUsd, "shares are written as amounts are");
  return FormatUsd(parts);
}

// What is wrong with a change by itself. Each returns what comes after "The change of step ...".
std::string FaultOf(const ModelSwap& swap) {
  return swap.model.empty() ? "names no model; say which one takes its calls" : "";
}

std::string FaultOf(const Gate& gate) {
  if (gate.skip.has_value() && !IsShare(*gate.skip)) {
    return absl::StrCat("is a gate that skips ", ShareText(*gate.skip),
                        " of its calls; give a share from 0 to 1, such as 0.61");
  }
  return gate.cost < 0 || gate.setup < 0 ? "is a gate of negative cost; give 0 USD or more" : "";
}

std::string FaultOf(const InputCap& cap) {
  return cap.tokens < 1
             ? absl::StrCat("caps its input at ", cap.tokens, " tokens; give a number from 1 up")
             : "";
}

std::string FaultOf(const CacheShare& cache) {
  return IsShare(cache.share) ? ""
                              : absl::StrCat("has ", ShareText(cache.share),
                                             " of its input cached; give a share from 0 to 1, such "
                                             "as 0.8");
}

std::string FaultOf(const BatchTier&) {
  return "";
}

std::string FaultOf(const DropStep&) {
  return "";
}

absl::Status CheckChanges(const WhatIfQuery& query) {
  if (query.changes.size() > kChangesMax) {
    return absl::InvalidArgumentError(absl::StrCat("There are ", query.changes.size(),
                                                   " changes; ask for at most ", kChangesMax, "."));
  }
  const std::optional<std::string>& only = query.filter[NameKind::kStep];
  for (const StepChange& change : query.changes) {
    if (only.has_value() && *only != change.step) {
      return absl::InvalidArgumentError(
          absl::StrCat("The filter lets through calls of step ", Quoted(*only),
                       " alone, which leaves none of step ", Quoted(change.step),
                       "; leave the filter or the change out."));
    }
    const std::string fault =
        std::visit([](const auto& what) { return FaultOf(what); }, change.what);
    if (!fault.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("The change of step ", Quoted(change.step), " ", fault, "."));
    }
  }
  return absl::OkStatus();
}

absl::Status UnknownStep(const std::string& step, const Catalog& catalog) {
  std::vector<std::string> names;
  for (NameId id; id.value() < catalog.name_count(NameKind::kStep); ++id) {
    names.push_back(catalog.Name(NameKind::kStep, id));
  }
  std::vector<std::string> nearest = Nearest(step, names);
  std::transform(nearest.begin(), nearest.end(), nearest.begin(),
                 [](const std::string& name) { return Quoted(name); });
  return absl::InvalidArgumentError(
      absl::StrCat("There is no step ", Quoted(step), "; ",
                   nearest.empty() ? "\"itemize top\" lists those that there are"
                                   : absl::StrCat("did you mean ", absl::StrJoin(nearest, " or ")),
                   "."));
}

}  // namespace

uint32_t WhatIfPlan::PlaceOf(NameId step) const {
  const auto found = std::find_if(steps_.begin(), steps_.end(),
                                  [&](const ChangedStep& changed) { return changed.id == step; });
  return found == steps_.end() ? kNoStep : static_cast<uint32_t>(found - steps_.begin());
}

absl::Status WhatIfPlan::AddStep(const StepChange& change, const Catalog& catalog) {
  const NameId id = catalog.Find(NameKind::kStep, change.step);
  if (id == Catalog::kUnknown || change.step.empty()) {
    return UnknownStep(change.step, catalog);
  }
  if (PlaceOf(id) == kNoStep) {
    steps_.push_back({.id = id, .call_changes = changes_->Of(change.step)});
  }
  const uint32_t place = PlaceOf(id);
  const Gate* const gate = std::get_if<Gate>(&change.what);
  steps_[place].is_measured |= gate != nullptr && !gate->skip.has_value();
  step_of_change_.push_back(place);
  return absl::OkStatus();
}

// Refuses a swap whose model no provider of the step's calls has, nor any other that is plain.
absl::Status WhatIfPlan::CheckSwaps(const WhatIfQuery& query, const Catalog& catalog) const {
  std::vector<absl::flat_hash_set<NameId>> providers(steps_.size());
  for (SeriesId id; id.value() < places_.size(); ++id) {
    if (const uint32_t place = places_[id.value()]; place != kNoStep) {
      providers[place].insert(catalog.Series(id)[NameKind::kProvider]);
    }
  }
  for (size_t i = 0; i < query.changes.size(); ++i) {
    const SwapTargets* const targets = changes_->TargetsOf(i);
    if (targets == nullptr || targets->problem().ok()) {
      continue;
    }
    const auto& of_step = providers[step_of_change_[i]];
    if (std::none_of(of_step.begin(), of_step.end(), [&](NameId provider) {
          return targets->For(catalog.Name(NameKind::kProvider, provider)).has_value();
        })) {
      return targets->problem();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<WhatIfPlan> WhatIfPlan::Make(const WhatIfQuery& query, const Snapshot& snapshot) {
  RETURN_IF_ERROR(CheckChanges(query));
  const Catalog& catalog = snapshot.state.catalog;
  WhatIfPlan plan;
  plan.changes_ = std::make_unique<const CallChanges>(query, snapshot.state.rates.book());
  for (const StepChange& change : query.changes) {
    RETURN_IF_ERROR(plan.AddStep(change, catalog));
  }
  for (SeriesId id; id.value() < catalog.series_count(); ++id) {
    plan.places_.push_back(plan.PlaceOf(catalog.Series(id)[NameKind::kStep]));
  }
  RETURN_IF_ERROR(plan.CheckSwaps(query, catalog));
  return plan;
}

std::vector<NameId> WhatIfPlan::StepsToRead() const {
  std::vector<NameId> steps;
  for (const ChangedStep& step : steps_) {
    if (!step.call_changes.empty() || step.is_measured) {
      steps.push_back(step.id);
    }
  }
  return steps;
}

bool WhatIfPlan::prices() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const ChangedStep& step) { return !step.call_changes.empty(); });
}

bool WhatIfPlan::measures() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const ChangedStep& step) { return step.is_measured; });
}

}  // namespace itemized
