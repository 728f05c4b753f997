// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/budgets.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include "storage/base/nearest_words.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

using Steady = std::chrono::steady_clock;

// Judging leaves the processors to what comes in, as questions do.
constexpr int kNiceness = 10;
// While budgets are judged without end, the thread rests so many times as long as it works.
constexpr int kRestShare = 3;
// The log is read for budgets one part of so many of the time.
constexpr int kLogShare = 20;
// So much of that may be saved up.
constexpr std::chrono::milliseconds kLogTimeMax{500};
// A list of budgets is measured for so long; what is not known then is told as it was before.
constexpr std::chrono::seconds kListTimeMax{2};

BudgetStore StoreIn(Database& database) {
  return {.read = [&database](absl::string_view prefix) { return database.ReadNotes(prefix); },
          .write =
              [&database](std::vector<Note> notes, std::vector<std::string> dropped) {
                return database.WriteNotes(std::move(notes), std::move(dropped));
              }};
}

std::optional<GroupBy> RankingOf(BudgetScopeKind kind) {
  switch (kind) {
    case BudgetScopeKind::kStep:
      return GroupBy::kStep;
    case BudgetScopeKind::kWorkflow:
      return GroupBy::kWorkflow;
    case BudgetScopeKind::kModel:
      return GroupBy::kModel;
    case BudgetScopeKind::kProvider:
      return GroupBy::kProvider;
    default:
      return std::nullopt;
  }
}

}  // namespace

Budgets::Budgets(Database& database, BudgetOptions options, const Clock& clock)
    : database_(database),
      clock_(clock),
      options_(std::move(options)),
      book_(StoreIn(database)),
      meter_(database, clock),
      hub_(options_.watchers_max) {}

absl::StatusOr<std::unique_ptr<Budgets>> Budgets::Open(Database& database, BudgetOptions options,
                                                       const Clock& clock) {
  std::unique_ptr<Budgets> budgets(new Budgets(database, std::move(options), clock));
  RETURN_IF_ERROR(budgets->book_.Load());
  budgets->sender_ =
      std::make_unique<WebhookSender>(budgets->book_, budgets->options_.webhooks, clock);
  database.ListenToOutliers(&budgets->hub_);
  budgets->thread_ = std::thread([self = budgets.get()] { self->Loop(); });
  return budgets;
}

Budgets::~Budgets() {
  Stop();
}

void Budgets::Stop() {
  {
    const MutexLock lock(mutex_);
    if (std::exchange(stop_, true)) {
      return;
    }
  }
  stopping_.Cancel();
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
  sender_.reset();
  database_.ListenToOutliers(nullptr);
}

absl::Status Budgets::CheckWebhook(const Budget& budget) const {
  if (budget.webhook.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const WebhookUrl url, ParseWebhookUrl(budget.webhook));
  return options_.webhooks.hosts.Check(url);
}

absl::StatusOr<SetBudgetResult> Budgets::Set(const Principal& /*principal*/, Budget budget,
                                             const Cancellation* cancellation) {
  RETURN_IF_ERROR(CheckWebhook(budget));
  budget.set_at_us = clock_.NowUs();
  const std::string name = budget.name;
  SetBudgetResult result;
  ASSIGN_OR_RETURN(result.replaced, book_.Set(std::move(budget)));
  {
    const MutexLock lock(mutex_);
    look_now_ = true;
  }
  changed_.notify_all();
  const std::optional<HeldBudget> held = book_.Find(name);
  if (!held.has_value()) {
    return absl::NotFoundError(absl::StrCat("The budget ", Quoted(name), " was removed since."));
  }
  const Cancellation soon(Steady::now() + kListTimeMax);
  result.state = StateOf(*held, &soon);
  result.warnings = WarningsFor(result.state, cancellation);
  return result;
}

absl::StatusOr<Budget> Budgets::Remove(const Principal& /*principal*/, const std::string& name) {
  return book_.Remove(name);
}

absl::StatusOr<std::vector<BudgetState>> Budgets::List(const Principal& /*principal*/,
                                                       const Cancellation* cancellation) {
  std::vector<BudgetState> states;
  const Cancellation soon(Steady::now() + kListTimeMax);
  for (const HeldBudget& held : book_.List()) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    states.push_back(StateOf(held, &soon));
  }
  return states;
}

std::vector<BudgetState> Budgets::ListKnown(const Principal& /*principal*/) {
  Cancellation at_once;
  at_once.Cancel();
  std::vector<BudgetState> states;
  for (const HeldBudget& held : book_.List()) {
    states.push_back(StateOf(held, &at_once));
  }
  return states;
}

BudgetState Budgets::StateOf(const HeldBudget& held, const Cancellation* soon) {
  BudgetState state{.budget = held.budget, .period = {}};
  const absl::StatusOr<absl::TimeZone> zone = FindZone(held.budget.zone);
  if (!zone.ok()) {
    state.problem = std::string(zone.status().message());
    return state;
  }
  state.period = PeriodAt(held.budget.per, *zone, clock_.NowUs());
  std::copy_if(held.crossings.begin(), held.crossings.end(), std::back_inserter(state.crossings),
               [&](const Crossing& crossing) { return crossing.period == state.period; });
  std::optional<Measured> measured;
  if (absl::StatusOr<Measured> fresh = meter_.Measure(held.budget, state.period, soon);
      fresh.ok()) {
    measured = *std::move(fresh);
  } else {
    measured = meter_.Remembered(held.budget, state.period);
    state.problem = "There was no time to find out what was spent since; ask again in a moment.";
  }
  if (measured.has_value() && measured->problem.ok()) {
    state.spent = measured->spent;
    state.unpriced_calls = measured->unpriced_calls;
    state.as_of_us = measured->as_of_us;
  } else if (measured.has_value()) {
    state.problem = std::string(measured->problem.message());
  }
  return state;
}

// A name that no call of the last 30 days has may be a typing error, or one that is yet to come.
std::vector<std::string> Budgets::WarningsFor(const BudgetState& state,
                                              const Cancellation* cancellation) const {
  const BudgetScope& scope = state.budget.scope;
  const std::optional<GroupBy> by = RankingOf(scope.kind);
  if (!by.has_value() || state.spent.value_or(0) > 0) {
    return {};
  }
  const absl::StatusOr<TopAnswer> top =
      database_.Top({.window = Window::Last(30 * kMicrosPerDay), .by = *by}, cancellation);
  std::vector<std::string> names;
  for (size_t i = 0; top.ok() && i < top->rows.size(); ++i) {
    names.push_back(top->rows[i].key);
  }
  if (!top.ok() || std::find(names.begin(), names.end(), scope.value) != names.end()) {
    return {};
  }
  std::vector<std::string> near;
  for (const std::string& name : Nearest(scope.value, names)) {
    near.push_back(Quoted(name));
  }
  return {absl::StrCat("No call of the last 30 days has the ", ScopeText(scope), ".",
                       near.empty()
                           ? " The budget counts such calls once they come."
                           : absl::StrCat(" Did you mean ", absl::StrJoin(near, " or "), "?"))};
}

void Budgets::Loop() {
  pthread_setname_np(pthread_self(), "budgets");
  // Linux has a value for each thread. If it refuses, the work is done all the same.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  while (true) {
    const Steady::time_point begun = Steady::now();
    book_.CatchUp();
    JudgeAll();
    // Many budgets of a large store take long; they have a quarter of one processor at most.
    const std::chrono::nanoseconds rest = std::max<std::chrono::nanoseconds>(
        options_.look_every, kRestShare * (Steady::now() - begun));
    const MutexLock lock(mutex_);
    if (!stop_ && !look_now_) {
      changed_.wait_for(mutex_, rest);
    }
    look_now_ = false;
    if (stop_) {
      return;
    }
  }
}

void Budgets::JudgeAll() {
  const Steady::time_point now = Steady::now();
  log_time_ += std::min<std::chrono::nanoseconds>(now - std::exchange(judged_at_, now),
                                                  kLogShare * kLogTimeMax) /
               kLogShare;
  log_time_ = std::min<std::chrono::nanoseconds>(log_time_, kLogTimeMax);
  const uint64_t last_block = meter_.LastBlock();
  std::vector<HeldBudget> of_log;
  for (HeldBudget& held : book_.List()) {
    if (!stopping_.Check().ok()) {
      return;
    }
    if (NeedsLog(held.budget.scope)) {
      of_log.push_back(std::move(held));
    } else {
      JudgeOne(held, last_block);
    }
  }
  // Whoever was not looked at for want of time comes first the next time.
  for (size_t i = 0; i < of_log.size() && log_time_.count() > 0 && stopping_.Check().ok(); ++i) {
    const Steady::time_point begun = Steady::now();
    JudgeOne(of_log[next_of_log_++ % of_log.size()], last_block);
    log_time_ -= Steady::now() - begun;
  }
}

void Budgets::JudgeOne(const HeldBudget& held, uint64_t last_block) {
  const absl::StatusOr<absl::TimeZone> zone = FindZone(held.budget.zone);
  if (!zone.ok()) {
    return;  // StateOf tells of it.
  }
  const int64_t now_us = clock_.NowUs();
  for (const TimeRange& period : PeriodsToJudge(held.budget, *zone, now_us)) {
    const absl::StatusOr<Measured> measured = meter_.Measure(held.budget, period, &stopping_);
    if (!measured.ok()) {
      return;
    }
    if (!measured->problem.ok() || measured->block < last_block) {
      continue;
    }
    const absl::StatusOr<std::vector<Crossing>> noticed =
        book_.Record(held.budget.name, held.generation, period, measured->spent, now_us);
    if (!noticed.ok()) {
      if (!unjudged_.Count().has_value()) {
        return;
      }
      spdlog::warn("Budget \"{}\" could not be judged; it is tried again. {}", held.budget.name,
                   std::string(noticed.status().message()));
      return;
    }
    for (const Crossing& crossing : *noticed) {
      spdlog::info("Budget \"{}\": {} % are spent, {} of {} USD.", held.budget.name,
                   crossing.percent, FormatUsd(crossing.spent), FormatUsd(crossing.amount));
      hub_.TakeCrossing(held.budget, crossing);
    }
    if (!noticed->empty()) {
      sender_->Wake();
    }
  }
}

}  // namespace itemized::server
