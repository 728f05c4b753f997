// SPDX-License-Identifier: Apache-2.0
#include "storage/query/step_replay.h"

#include <variant>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/pricing/provider_names.h"
#include "storage/query/changed_usage.h"

namespace itemized {
namespace {

constexpr absl::string_view kBatchTier = "batch";

bool IsOfCalls(const StepChange& change) {
  return !std::holds_alternative<Gate>(change.what) &&
         !std::holds_alternative<DropStep>(change.what);
}

// Returns who made the answer: the provider, or by the model where calls name none.
std::string MakerOf(const NamedPrice& price) {
  std::string provider = CanonicalProvider(price.provider());
  const ProviderRow* const maker = provider.empty() ? ProviderOfModel(price.model()) : nullptr;
  return maker != nullptr ? std::string(maker->name) : provider;
}

}  // namespace

void ChangeSums::Merge(const ChangeSums& other) {
  saving += other.saving;
  counts.changed += other.counts.changed;
  counts.moved += other.counts.moved;
  counts.standard += other.counts.standard;
  counts.early += other.counts.early;
  counts.reported += other.counts.reported;
  counts.without_price += other.counts.without_price;
  for (const auto& [name, calls] : other.refused) {
    refused[name] += calls;
  }
}

CallChanges::CallChanges(const WhatIfQuery& query, std::shared_ptr<const RateBook> book)
    : query_(query) {
  for (const StepChange& change : query.changes) {
    const ModelSwap* const swap = std::get_if<ModelSwap>(&change.what);
    targets_.push_back(swap != nullptr ? std::make_unique<const SwapTargets>(book, *swap)
                                       : nullptr);
  }
}

std::vector<size_t> CallChanges::Of(const std::string& step) const {
  std::vector<size_t> places;
  for (size_t i = 0; i < query_.changes.size(); ++i) {
    const StepChange& change = query_.changes[i];
    if (change.step == step && !query_.alone && std::holds_alternative<DropStep>(change.what)) {
      break;
    }
    if (change.step == step && IsOfCalls(change)) {
      places.push_back(i);
    }
  }
  return places;
}

absl::Status CallChanges::CheckRefused(const std::vector<ChangeSums>& sums) const {
  for (size_t i = 0; i < sums.size(); ++i) {
    for (const auto& [name, calls] : sums[i].refused) {
      if (calls == 0) {
        continue;
      }
      if (targets_[i] != nullptr) {
        return targets_[i]->problem();
      }
      return absl::InvalidArgumentError(absl::StrCat(
          "There is no batch price for the model ", Quoted(name), ", which ", calls,
          " calls of step ", Quoted(At(i).step),
          " have then; set its rate or multiplier for the service tier \"batch\", or leave this "
          "change out."));
    }
  }
  return absl::OkStatus();
}

ColumnMask StepReplay::columns() {
  return PriceTable::columns() | kUsageColumns |
         Columns(ColumnId::kTime, ColumnId::kCost, ColumnId::kFlags);
}

void StepReplay::Add(const Block& block, size_t row, const std::vector<size_t>& changes) {
  const CallRows& calls = block.calls;
  // What has no price, or no usage to price again, stays as it is.
  if (calls.Has(row, kFlagUnpriced) || calls.Has(row, kFlagUsageMissing)) {
    for (const size_t change : changes) {
      const bool is_reported = calls.Has(row, kFlagCostReported);
      sums_[change].counts.without_price += is_reported ? calls.weight[row] : 0;
    }
    return;
  }
  Replayed call{.price = prices_.ForRow(block, row),
                .usage = calls.UsageAt(row),
                .time_us = calls.time_us[row],
                .cost = calls.cost_picos[row],
                .is_reported = calls.Has(row, kFlagCostReported)};
  const Replayed recorded = call;
  for (const size_t change : changes) {
    if (changes_.are_alone()) {
      call = recorded;
    }
    Apply(change, calls.weight[row], &call);
  }
}

void StepReplay::Apply(size_t change, int64_t weight, Replayed* call) {
  const StepChange& what = changes_.At(change);
  Replayed next = *call;
  if (const auto* const cap = std::get_if<InputCap>(&what.what)) {
    if (CapInput(cap->tokens, &next.usage)) {
      Reprice(change, weight, next, {.price = call->price}, call);
    }
  } else if (const auto* const cache = std::get_if<CacheShare>(&what.what)) {
    if (RaiseCacheRead(cache->share, &next.usage)) {
      Reprice(change, weight, next, {.price = call->price}, call);
    }
  } else {
    Rename(change, weight, call);
  }
}

// Makes `next` of the call, if a rate prices it; else the call stays as it is.
void StepReplay::Reprice(size_t change, int64_t weight, const Replayed& next,
                         const Renamed& renamed, Replayed* call) {
  ChangeSums& sums = sums_[change];
  const std::optional<int64_t> cost = renamed.price->Price(next.time_us, next.usage);
  if (!cost.has_value()) {
    sums.counts.without_price += weight;
    return;
  }
  sums.saving += weight * (Picos(call->cost) - *cost);
  sums.counts.changed += weight;
  sums.counts.moved += renamed.is_moved ? weight : 0;
  sums.counts.standard += renamed.is_standard ? weight : 0;
  sums.counts.early += renamed.price->IsBefore(next.time_us) ? weight : 0;
  sums.counts.reported += call->is_reported ? weight : 0;
  *call = next;
  call->price = renamed.price;
  call->cost = *cost;
  call->is_reported = false;
}

void StepReplay::Rename(size_t change, int64_t weight, Replayed* call) {
  const Renamed renamed = RenamedBy(change, *call->price);
  if (renamed.price == call->price) {
    return;
  }
  if (renamed.price != nullptr) {
    Reprice(change, weight, *call, renamed, call);
    return;
  }
  const bool is_batch = std::holds_alternative<BatchTier>(changes_.At(change).what);
  if (is_batch && !call->price->Price(call->time_us, call->usage).has_value()) {
    sums_[change].counts.without_price += weight;  // No rate is for the model at all.
    return;
  }
  sums_[change].refused[is_batch ? call->price->model() : call->price->provider()] += weight;
}

StepReplay::Renamed StepReplay::RenamedBy(size_t change, const NamedPrice& price) {
  const auto [found, inserted] = renamed_.try_emplace({&price, change});
  if (inserted) {
    const SwapTargets* const targets = changes_.TargetsOf(change);
    found->second = targets != nullptr ? Swapped(*targets, price) : Batched(price);
  }
  return found->second;
}

StepReplay::Renamed StepReplay::Swapped(const SwapTargets& targets, const NamedPrice& price) {
  const std::optional<SwapTargets::Names> names = targets.For(price.provider());
  if (!names.has_value()) {
    return {};
  }
  Renamed renamed;
  ServedAs served = price.served();
  renamed.price = prices_.ForNames(names->provider, names->model, served);
  if (!renamed.price->has_price()) {
    served.service_tier = "";
    served.region = "";
    renamed.is_standard = true;
    renamed.price = prices_.ForNames(names->provider, names->model, served);
  }
  renamed.is_moved = MakerOf(*renamed.price) != MakerOf(price);
  return renamed;
}

StepReplay::Renamed StepReplay::Batched(const NamedPrice& price) {
  ServedAs served = price.served();
  served.service_tier = kBatchTier;
  NamedPrice* const batched = prices_.ForNames(price.provider(), price.model(), served);
  return {.price = batched->has_price() ? batched : nullptr};
}

}  // namespace itemized
