// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/run.h"

#include <algorithm>
#include <utility>

#include "storage/base/check.h"

namespace itemized {
namespace {

constexpr size_t kIndexFrom = 48;   // A search through a ledger of fewer calls is as fast.
constexpr size_t kLedgerFirst = 8;  // Memory for so many calls is asked for at once.
constexpr uint32_t kSeriesMask = (uint32_t{1} << RunCall::kSeriesBits) - 1;

}  // namespace

const RunCall* Run::Find(EventFingerprint fingerprint) const {
  if (fingerprint == 0) {
    return nullptr;
  }
  if (index_ != nullptr) {
    const auto found = index_->find(fingerprint);
    return found == index_->end() ? nullptr : &ledger_[found->second];
  }
  const auto found = std::find_if(ledger_.begin(), ledger_.end(), [&](const RunCall& call) {
    return call.fingerprint == fingerprint;
  });
  return found == ledger_.end() ? nullptr : &*found;
}

size_t Run::PositionOf(EventFingerprint fingerprint) const {
  const RunCall* found = Find(fingerprint);
  return found == nullptr ? ledger_.size() : static_cast<size_t>(found - ledger_.data());
}

uint32_t Run::RevisionOf(EventFingerprint fingerprint) const {
  if (revisions_ == nullptr) {
    return 0;
  }
  const auto found = revisions_->find(fingerprint);
  return found == revisions_->end() ? 0 : found->second;
}

void Run::SetRevision(EventFingerprint fingerprint, uint32_t revision) {
  if (revision == 0) {
    return;  // A revision only rises, so none is known.
  }
  if (revisions_ == nullptr) {
    revisions_ = std::make_unique<absl::flat_hash_map<EventFingerprint, uint32_t>>();
  }
  (*revisions_)[fingerprint] = revision;
}

void Run::Index() {
  if (ledger_.size() < kIndexFrom) {
    return;
  }
  if (index_ == nullptr) {
    index_ = std::make_unique<absl::flat_hash_map<EventFingerprint, size_t>>();
    for (size_t i = 0; i < ledger_.size(); ++i) {
      index_->emplace(ledger_[i].fingerprint, i);
    }
  } else {
    index_->emplace(ledger_.back().fingerprint, ledger_.size() - 1);
  }
}

void Run::Add(const RunCall& call) {
  knows_costs_ = knows_costs_ || !call.brief;
  ledger_.push_back(call);
  Index();
  if (anonymous_ != nullptr && call.fingerprint == 0) {
    (*anonymous_)[AnonymousOf(call)].insert(ledger_.size() - 1);
  }
}

Run::Anonymous Run::AnonymousOf(const RunCall& call) {
  return {call.content, call.series(), call.time_us, call.cost_picos, call.unpriced};
}

// Returns the position of a call without an id that equals `call`; the size of the ledger if none
// does.
size_t Run::FindAnonymous(const RunCall& call) {
  if (anonymous_ == nullptr) {
    anonymous_ = std::make_unique<absl::flat_hash_map<Anonymous, std::set<size_t>>>();
    for (size_t i = 0; i < ledger_.size(); ++i) {
      if (ledger_[i].fingerprint == 0 && !ledger_[i].retracted && !ledger_[i].brief) {
        (*anonymous_)[AnonymousOf(ledger_[i])].insert(i);
      }
    }
  }
  const auto found = anonymous_->find(AnonymousOf(call));
  return found == anonymous_->end() ? ledger_.size() : *found->second.begin();
}

void Run::Restate(size_t position, const RunCall& after) {
  RunCall& call = ledger_[position];
  if (anonymous_ != nullptr && call.fingerprint == 0) {
    const auto found = anonymous_->find(AnonymousOf(call));
    found->second.erase(position);
    if (found->second.empty()) {
      anonymous_->erase(found);
    }
  }
  call = after;
  if (anonymous_ != nullptr && call.fingerprint == 0) {
    (*anonymous_)[AnonymousOf(call)].insert(position);
  }
}

void Run::Count(const RunCall& call, int sign) {
  totals_.calls += sign;
  totals_.unpriced_calls += call.unpriced ? sign : 0;
  totals_.cost += Picos(sign) * Picos(call.cost_picos);
}

// Lets `call`, which is not retracted, count for the latest time and the workflow.
void Run::SeeCall(const RunCall& call, const Catalog& catalog) {
  totals_.latest_us = std::max(totals_.latest_us, call.time_us);
  if (totals_.workflow != kUnnamed && call.time_us > totals_.workflow_us) {
    return;  // Most calls are later, so that their series need not be looked at.
  }
  const NameId workflow = catalog.Series(call.series())[NameKind::kWorkflow];
  if (workflow == kUnnamed) {
    return;
  }
  const bool first = totals_.workflow == kUnnamed || call.time_us < totals_.workflow_us ||
                     catalog.Name(NameKind::kWorkflow, workflow) <
                         catalog.Name(NameKind::kWorkflow, totals_.workflow);
  if (first) {
    totals_.workflow = workflow;
    totals_.workflow_us = call.time_us;
  }
}

// A call without an id has no position: it is only priced again.
bool Run::Retract(size_t position) {
  CHECK(!is_brief_);
  if (position == ledger_.size() || ledger_[position].retracted) {
    return false;
  }
  Count(ledger_[position], -1);
  ledger_[position].retracted = true;
  extremes_are_stale_ = true;
  return true;
}

void Run::FindExtremes(const Catalog& catalog) {
  totals_.latest_us = 0;
  totals_.workflow = kUnnamed;
  totals_.workflow_us = 0;
  for (const RunCall& call : ledger_) {
    if (!call.retracted) {
      SeeCall(call, catalog);
    }
  }
  extremes_are_stale_ = false;
}

RunCall Run::CallOf(const RowContents& block, size_t row, const Catalog& catalog) {
  const CallRows& calls = block.calls();
  return {.fingerprint = block.FingerprintOf(catalog.id_key(), row),
          .time_us = calls.time_us[row],
          .cost_picos = calls.cost_picos[row],
          .content = block.Of(row),
          .series_number = calls.series[row] & kSeriesMask,
          .unpriced = calls.Has(row, kFlagUnpriced),
          .retracted = false};
}

bool Run::Reprice(const RowContents& block, size_t row, const Catalog& catalog) {
  const CallRows& calls = block.calls();
  const CallCost before = calls.CostAt(row);
  const CallCost after = calls.CostAt(row + 1);
  totals_.unpriced_calls += (after.unpriced ? 1 : 0) - (before.unpriced ? 1 : 0);
  totals_.cost += Picos(after.picos) - Picos(before.picos);
  if (!knows_costs_) {
    return true;
  }
  const EventFingerprint fingerprint = block.FingerprintOf(catalog.id_key(), row);
  const size_t position =
      fingerprint != 0 ? PositionOf(fingerprint) : FindAnonymous(CallOf(block, row, catalog));
  if (position == ledger_.size()) {
    return is_brief_ && fingerprint == 0;
  }
  if (ledger_[position].retracted) {
    return false;
  }
  if (!ledger_[position].brief) {
    RunCall call = ledger_[position];
    call.cost_picos = after.picos;
    call.unpriced = after.unpriced;
    call.content = block.Of(row + 1);
    Restate(position, call);
  }
  return true;
}

bool Run::ApplyRow(const RowContents& block, size_t row, const Catalog& catalog) {
  const RunCall call = CallOf(block, row, catalog);
  if (block.calls().weight[row] < 0) {
    return Retract(PositionOf(call.fingerprint));
  }
  Count(call, 1);
  SeeCall(call, catalog);
  SetRevision(call.fingerprint, block.calls().RevisionAt(row));
  const size_t position = PositionOf(call.fingerprint);
  if (position == ledger_.size()) {
    Add(call);
    return true;
  }
  knows_costs_ = true;
  // A correction has taken the call out just before.
  return std::exchange(ledger_[position], call).retracted;
}

bool Run::Apply(const RowContents& block, absl::Span<const uint32_t> rows, BlockRef ref,
                const Catalog& catalog) {
  if (blocks_.empty() || blocks_.back() != ref) {
    blocks_.push_back(ref);
  }
  // Rows that take calls out seldom stand before more than bring those back.
  const bool adds = !rows.empty() && block.calls().weight[rows.front()] > 0;
  const size_t calls = ledger_.size() + (adds ? rows.size() : 0);
  if (calls > ledger_.capacity()) {  // Doubling makes of many small steps a few.
    ledger_.reserve(std::max({calls, 2 * ledger_.capacity(), kLedgerFirst}));
  }
  bool fits = true;
  for (size_t i = 0; i < rows.size() && fits; ++i) {
    const bool is_repriced = IsRepriced(block.calls(), rows[i]);
    fits = is_repriced ? Reprice(block, rows[i], catalog) : ApplyRow(block, rows[i], catalog);
    i += is_repriced ? 1 : 0;
  }
  if (extremes_are_stale_) {
    FindExtremes(catalog);
  }
  return fits;
}

void Run::Apply(const RunCompletion& completion) {
  CHECK(completion.unused_steps.empty() || !is_brief_);
  if (!completion_.has_value() || completion.time_us >= completion_->time_us) {
    completion_ = completion.outcome == Outcome::kOpen ? std::nullopt : std::optional(completion);
  }
}

bool Run::TakeCalls(Run whole) {
  CHECK(is_brief_ && !whole.is_brief_);
  if (whole.totals_ != totals_ || whole.blocks_ != blocks_) {
    return false;
  }
  whole.completion_ = std::move(completion_);
  *this = std::move(whole);
  return true;
}

void Run::KeepCalls() {
  CHECK(!is_brief_);
  keeps_calls_ = true;
}

bool Run::HasUnused() const {
  return completion_.has_value() && !completion_->unused_steps.empty();
}

bool Run::IsPlain() const {
  return !HasUnused() && RunEnding{.outcome = outcome(), .unused_steps = {}}.is_plain();
}

RunEnding Run::Ending(const Catalog& catalog) const {
  return {.outcome = outcome(), .unused_steps = UnusedSteps(catalog)};
}

std::vector<NameId> Run::UnusedSteps(const Catalog& catalog) const {
  std::vector<NameId> steps;
  if (!HasUnused() || is_brief_) {
    return steps;
  }
  const std::vector<std::string>& unused = completion_->unused_steps;
  for (const RunCall& call : ledger_) {
    const NameId step = catalog.Series(call.series())[NameKind::kStep];
    if (std::binary_search(unused.begin(), unused.end(), catalog.Name(NameKind::kStep, step))) {
      steps.push_back(step);
    }
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

Outcome Run::outcome() const {
  return completion_.has_value() ? completion_->outcome : Outcome::kOpen;
}

NameId Run::workflow() const {
  return completion_.has_value() && completion_->workflow != kUnnamed ? completion_->workflow
                                                                      : totals_.workflow;
}

int64_t Run::AnchorUs() const {
  return completion_.has_value() ? completion_->time_us : totals_.latest_us;
}

}  // namespace itemized
