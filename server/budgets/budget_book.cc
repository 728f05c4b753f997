// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/budget_book.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "storage/base/nearest_words.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/budgets/budget_codec.h"

namespace itemized::server {
namespace {

// Notes of budgets go with no event.
Note NoteOf(std::string key, std::string value) {
  return {.key = std::move(key), .value = std::move(value), .time_us = kTimeMaxUs};
}

Note NoteOf(const Budget& budget) {
  return NoteOf(BudgetKey(budget.name), EncodeBudget(budget));
}

// Whether the crossings of `before` are crossings of `now` as well.
bool IsAboutTheSame(const Budget& before, const Budget& now) {
  return before.scope == now.scope && before.per == now.per && before.zone == now.zone;
}

// A budget without a webhook sends nothing, and one that gets a webhook does not send what was told
// before.
void AdaptDeliveries(const Budget& budget, std::vector<Crossing>* crossings) {
  for (Crossing& crossing : *crossings) {
    if (budget.webhook.empty() && crossing.delivery == Delivery::kPending) {
      crossing.delivery = Delivery::kNone;
    }
  }
}

absl::Status NoSuchBudget(const std::string& name, const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& near : Nearest(name, names)) {
    quoted.push_back(Quoted(near));
  }
  const std::string hint =
      quoted.empty() ? "" : absl::StrCat(" Did you mean ", absl::StrJoin(quoted, " or "), "?");
  return absl::NotFoundError(absl::StrCat("There is no budget ", Quoted(name), ".", hint));
}

}  // namespace

absl::Status BudgetBook::Load() {
  const MutexLock change(change_mutex_);
  return Reload();
}

absl::Status BudgetBook::Reload() {
  ASSIGN_OR_RETURN(const std::vector<Note> budgets, store_.read(kBudgetPrefix));
  ASSIGN_OR_RETURN(const std::vector<Note> crossings, store_.read(kCrossingsPrefix));
  std::map<std::string, std::vector<Crossing>> by_key;
  for (const Note& note : crossings) {
    if (note.key.size() == kBudgetKeyBytes) {
      ASSIGN_OR_RETURN(by_key[note.key], DecodeCrossings(note.value));
    }
  }
  std::map<std::string, HeldBudget> read;
  const MutexLock lock(mutex_);
  for (const Note& note : budgets) {
    if (note.key.size() != kBudgetKeyBytes) {
      continue;  // It is another kind of note, whose key may begin alike.
    }
    ASSIGN_OR_RETURN(Budget budget, DecodeBudget(note.value));
    HeldBudget& held = read[budget.name];
    held.crossings = std::move(by_key[CrossingsKey(budget.name)]);
    held.budget = std::move(budget);
    const auto known = budgets_.find(held.budget.name);
    const bool is_same = known != budgets_.end() && known->second.budget == held.budget;
    held.generation = is_same ? known->second.generation : ++generations_;
  }
  budgets_ = std::move(read);
  return absl::OkStatus();
}

void BudgetBook::CatchUp() {
  const MutexLock change(change_mutex_);
  BeSure().IgnoreError();  // It is tried again with the next turn.
}

// A write that succeeds comes after all that was under way. So what is read then is what is kept.
absl::Status BudgetBook::Write(std::vector<Note> notes, std::vector<std::string> dropped) {
  const bool was_unsure = std::exchange(is_unsure_, true);
  RETURN_IF_ERROR(store_.write(std::move(notes), std::move(dropped)));
  if (!was_unsure || Reload().ok()) {
    is_unsure_ = false;
  }
  return absl::OkStatus();
}

absl::Status BudgetBook::BeSure() {
  return is_unsure_ ? Reload() : absl::OkStatus();
}

absl::StatusOr<bool> BudgetBook::Set(Budget budget) {
  const MutexLock change(change_mutex_);
  RETURN_IF_ERROR(BeSure());
  const std::string name = budget.name;
  const std::optional<HeldBudget> before = Find(name);
  {
    const MutexLock lock(mutex_);
    if (!before.has_value() && budgets_.size() >= kBudgetsMax) {
      return absl::ResourceExhaustedError(absl::StrCat("There are ", kBudgetsMax,
                                                       " budgets, which is the most there may be; "
                                                       "remove one first."));
    }
  }
  HeldBudget held{.budget = std::move(budget), .crossings = {}, .generation = ++generations_};
  if (before.has_value() && IsAboutTheSame(before->budget, held.budget)) {
    held.crossings = before->crossings;
    AdaptDeliveries(held.budget, &held.crossings);
    held.budget.set_at_us = before->budget.set_at_us;
  }
  RETURN_IF_ERROR(Write(
      {NoteOf(held.budget), NoteOf(CrossingsKey(name), EncodeCrossings(held.crossings))}, {}));
  const MutexLock lock(mutex_);
  budgets_[name] = std::move(held);
  return before.has_value();
}

absl::StatusOr<Budget> BudgetBook::Remove(const std::string& name) {
  const MutexLock change(change_mutex_);
  RETURN_IF_ERROR(BeSure());
  const std::optional<HeldBudget> held = Find(name);
  if (!held.has_value()) {
    std::vector<std::string> names;
    for (const HeldBudget& other : List()) {
      names.push_back(other.budget.name);
    }
    return NoSuchBudget(name, names);
  }
  RETURN_IF_ERROR(Write({}, {BudgetKey(name), CrossingsKey(name)}));
  const MutexLock lock(mutex_);
  budgets_.erase(name);
  return held->budget;
}

std::vector<HeldBudget> BudgetBook::List() const {
  const MutexLock lock(mutex_);
  std::vector<HeldBudget> budgets;
  for (const auto& [name, held] : budgets_) {
    budgets.push_back(held);
  }
  return budgets;
}

std::optional<HeldBudget> BudgetBook::Find(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto found = budgets_.find(name);
  return found == budgets_.end() ? std::nullopt : std::optional(found->second);
}

absl::Status BudgetBook::PutCrossings(const std::string& name, std::vector<Crossing> crossings) {
  RETURN_IF_ERROR(Write({NoteOf(CrossingsKey(name), EncodeCrossings(crossings))}, {}));
  const MutexLock lock(mutex_);
  const auto found = budgets_.find(name);
  if (found != budgets_.end()) {
    found->second.crossings = std::move(crossings);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Crossing>> BudgetBook::Record(const std::string& name,
                                                         uint64_t generation, TimeRange period,
                                                         Picos spent, int64_t now_us) {
  const MutexLock change(change_mutex_);
  RETURN_IF_ERROR(BeSure());
  const std::optional<HeldBudget> held = Find(name);
  if (!held.has_value() || held->generation != generation) {
    return std::vector<Crossing>();
  }
  Judgement judged = Judge(held->budget, period, spent, held->crossings, now_us);
  if (judged.changed) {
    RETURN_IF_ERROR(PutCrossings(name, std::move(judged.kept)));
  }
  return std::move(judged.noticed);
}

absl::Status BudgetBook::Settle(const std::string& name, const std::string& crossing_id,
                                Delivery delivery, int64_t now_us) {
  const MutexLock change(change_mutex_);
  RETURN_IF_ERROR(BeSure());
  std::optional<HeldBudget> held = Find(name);
  if (!held.has_value()) {
    return absl::OkStatus();
  }
  for (Crossing& crossing : held->crossings) {
    if (crossing.delivery == Delivery::kPending && CrossingId(name, crossing) == crossing_id) {
      crossing.delivery = delivery;
      crossing.settled_us = now_us;
      return PutCrossings(name, std::move(held->crossings));
    }
  }
  return absl::OkStatus();
}

}  // namespace itemized::server
