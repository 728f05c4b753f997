// SPDX-License-Identifier: Apache-2.0
// The changes of the rate book that Repricing makes.

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/quoted.h"
#include "storage/maintenance/repricing.h"

namespace itemized {
namespace {

// How many changes may wait for their calls to be priced, which bounds memory.
constexpr size_t kWaitingMax = 256;

}  // namespace

RepricingMark Repricing::MarkOf(const RepricingScope& scope) {
  const auto instant = [](int64_t from_us) {
    return from_us == kTimeMaxUs ? std::nullopt : std::optional(from_us);
  };
  return {.from_us = instant(scope.from_us), .unpriced_from_us = instant(scope.unpriced_from_us)};
}

void Repricing::Begin(Entry entry, const std::vector<CheckedRatePtr>& concerned, Reprice which,
                      Change change) {
  if (concerned.empty()) {
    return change.done(change.result);
  }
  if (next_changes_.size() >= kWaitingMax) {
    return change.done(absl::ResourceExhaustedError(
        "Too many changes of rates wait for calls to be priced again; try again later."));
  }
  RepricingScope scope = next_scope_.value_or(RepricingScope());
  int64_t& from_us = which == Reprice::kAll ? scope.from_us : scope.unpriced_from_us;
  for (const CheckedRatePtr& rate : concerned) {
    from_us = std::min(from_us, rate->rate().effective_from_us);
    scope.rates.push_back(rate);
  }
  entry.repricing = MarkWith(scope);
  const StagedRuns none(&state_.views.runs(), &state_.mutex);
  if (const absl::Status status = state_.Commit(&entry, none); !status.ok()) {
    return change.done(status);
  }
  PassFailpoint(Failpoint::kRatesSaved);
  Invalidate();  // Nothing is to be priced by the book as it was.
  next_scope_ = std::move(scope);
  next_changes_.push_back(std::move(change));
  if (!is_busy()) {
    StartPass();
  }
  if (is_abandoned_) {
    Abandon();
  }
}

// The mark that stands for `scope` and for the changes of rates that are being worked on.
RepricingMark Repricing::MarkWith(RepricingScope scope) const {
  if (is_busy() && !job_.has_value()) {
    scope.from_us = std::min(scope.from_us, pass_->from_us);
    scope.unpriced_from_us = std::min(scope.unpriced_from_us, pass_->unpriced_from_us);
  }
  return MarkOf(scope);
}

void Repricing::Set(const std::vector<CheckedRatePtr>& rates, Reprice which, Done done) {
  RateBook book = *state_.rates.book();
  Change change{.result = {}, .done = std::move(done)};
  Entry entry;
  for (const CheckedRatePtr& rate : rates) {
    const absl::StatusOr<bool> replaced = book.Set(rate);
    if (!replaced.ok()) {
      return change.done(absl::Status(
          replaced.status().code(), absl::StrCat("The rate for ", rate->rate().match.ToString(),
                                                 " cannot be set. ", replaced.status().message())));
    }
    ++(*replaced ? change.result.replaced : change.result.added);
    entry.rates_set.push_back(rate);
  }
  Begin(std::move(entry), rates, which, std::move(change));
}

void Repricing::Remove(const std::vector<RateName>& names, Reprice which, Done done) {
  RateBook book = *state_.rates.book();
  Change change{.result = {}, .done = std::move(done)};
  Entry entry;
  std::vector<CheckedRatePtr> removed;
  for (const RateName& name : names) {
    Rate rate;
    rate.provider = name.provider;
    rate.match = name.match;
    rate.effective_from_us = name.effective_from_us;
    rate.hours = name.hours;
    rate.service_tier = name.service_tier;
    rate.region = name.region;
    rate.attribute_key = name.attribute_key;
    rate.attribute_value = name.attribute_value;
    rate.multiplier_ppm = name.is_multiplier ? kPpm : 0;
    const std::string key = RateKey(rate);
    if (CheckedRatePtr found = book.Remove(key); found != nullptr) {
      removed.push_back(std::move(found));
    } else {
      return change.done(absl::NotFoundError(absl::StrCat(
          "There is no rate for ", name.match.ToString(),
          name.provider.empty() ? "" : absl::StrCat(" of provider ", Quoted(name.provider)),
          name.effective_from_us == 0 ? " that holds always"
                                      : absl::StrCat(" from ", FormatTime(name.effective_from_us)),
          "; nothing was removed. List the rates to see how each is named.")));
    }
    ++change.result.removed;
    entry.rates_removed.push_back(key);
  }
  Begin(std::move(entry), removed, which, std::move(change));
}

namespace {

// Whether two rates say the same, whenever each was recorded.
bool SaysTheSame(Rate a, const Rate& b) {
  a.recorded_at_us = b.recorded_at_us;
  return a == b;
}

}  // namespace

void Repricing::SetBundled(const std::vector<CheckedRatePtr>& rates, Reprice which, Done done) {
  RateBook book = *state_.rates.book();
  Change change{.result = {}, .done = std::move(done)};
  absl::flat_hash_map<std::string, Rate> before;
  for (Rate& rate : book.List()) {
    if (rate.origin == RateOrigin::kBundled) {
      const std::string key = RateKey(rate);
      before.emplace(key, std::move(rate));
    }
  }
  Entry entry;
  std::vector<CheckedRatePtr> concerned;
  for (const CheckedRatePtr& rate : rates) {
    CHECK(rate->rate().origin == RateOrigin::kBundled);
    const auto old = before.extract(rate->key());
    if (old.empty() || !SaysTheSame(old.mapped(), rate->rate())) {
      ++(old.empty() ? change.result.added : change.result.replaced);
      entry.rates_set.push_back(rate);
      concerned.push_back(rate);
    }
  }
  for (const auto& [key, rate] : before) {
    concerned.push_back(book.Remove(key));
    entry.rates_removed.push_back(key);
    ++change.result.removed;
  }
  std::sort(entry.rates_removed.begin(), entry.rates_removed.end());
  for (const CheckedRatePtr& rate : entry.rates_set) {
    if (const auto set = book.Set(rate); !set.ok()) {
      return change.done(set.status());
    }
  }
  Begin(std::move(entry), concerned, which, std::move(change));
}

}  // namespace itemized
