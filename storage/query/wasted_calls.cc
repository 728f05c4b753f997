// SPDX-License-Identifier: Apache-2.0
#include "storage/query/wasted_calls.h"

#include <algorithm>
#include <functional>

#include "storage/base/mutex.h"

namespace itemized {
namespace {

constexpr ColumnMask InputColumns() {
  ColumnMask mask = 0;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    mask |= IsInput(kUsageClasses[c].kind)
                ? ColumnMask{1} << (static_cast<size_t>(ColumnId::kUsageFirst) + c)
                : 0;
  }
  return mask;
}

// Runs that failed, were abandoned or cut short gave their user nothing.
std::optional<WasteReason> ReasonOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFailed:
      return WasteReason::kFailed;
    case Outcome::kAbandoned:
      return WasteReason::kAbandoned;
    case Outcome::kShortCircuited:
      return WasteReason::kShortCircuited;
    case Outcome::kOpen:
    case Outcome::kCompleted:
      break;
  }
  return std::nullopt;
}

// Returns in `*tokens` how many went into each call. Most classes of a block are empty.
void AddPrompts(const CallRows& calls, std::vector<int64_t>* tokens) {
  tokens->assign(calls.size(), 0);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    const std::vector<int64_t>& column = calls.usage[c];
    if (IsInput(kUsageClasses[c].kind) && !column.empty()) {
      std::transform(column.begin(), column.end(), tokens->begin(), tokens->begin(), std::plus());
    }
  }
}

void AddWasted(WasteReason reason, int64_t weight, int64_t cost_picos, WastedGroup* group) {
  WastedSum& sum = group->wasted[static_cast<size_t>(reason)];
  sum.calls += weight;
  sum.cost += Picos(weight) * Picos(cost_picos);
}

}  // namespace

void WastedGroup::Merge(const WastedGroup& other) {
  calls += other.calls;
  unpriced_calls += other.unpriced_calls;
  spend += other.spend;
  for (size_t reason = 0; reason < kWasteReasonCount; ++reason) {
    wasted[reason].calls += other.wasted[reason].calls;
    wasted[reason].cost += other.wasted[reason].cost;
  }
}

WastedCalls::WastedCalls(const State& state, RowFilter scope, RowFilter filter, const RowKeys& keys,
                         AdmittedKeys* admitted)
    : FilteringWorker(std::move(scope)),
      state_(state),
      filter_(std::move(filter)),
      keys_(keys),
      admitted_(*admitted),
      endings_(state) {}

ColumnMask WastedCalls::columns() {
  return InputColumns() | Columns(ColumnId::kSeries, ColumnId::kTime, ColumnId::kRun,
                                  ColumnId::kRunNames, ColumnId::kStatus, ColumnId::kCost,
                                  ColumnId::kFlags);
}

void WastedCalls::BeginPiece(TimeRange range) {
  range_ = range;
}

void WastedCalls::Add(const Block& picked) {
  const RowSums sums(picked.calls);
  AddPrompts(picked.calls, &prompt_tokens_);
  if (keys_.is_attribute()) {
    by_number_.clear();
  }
  const ReaderLock lock(state_.mutex);
  for (size_t row = 0; row < picked.calls.size(); ++row) {
    AddRow({.block = picked, .row = row, .sums = sums});
  }
}

void WastedCalls::AddRow(const LogRow& row) {
  const bool is_asked_for = range_.Contains(row.time_us()) && filter_.Matches(row.block, row.row);
  WastedGroup* const group = is_asked_for ? GroupFor(row) : nullptr;
  if (group != nullptr) {
    group->calls += row.weight();
    group->unpriced_calls += row.calls().Has(row.row, kFlagUnpriced) ? row.weight() : 0;
    group->spend += row.cost();
  }
  const std::optional<WasteReason> reason = ReasonByRun(row.block, row.row);
  if (!reason.has_value()) {
    Remember(row, group);
  } else if (group != nullptr) {
    AddWasted(*reason, row.weight(), row.calls().cost_picos[row.row], group);
  }
}

WastedGroup* WastedCalls::GroupFor(const LogRow& row) {
  const uint32_t number = keys_.NumberOf(row);
  if (number >= by_number_.size()) {
    by_number_.resize(number + 1);
  }
  WastedGroup*& group = by_number_[number];
  if (group == nullptr) {
    group = &groups_[admitted_.Admit(keys_.KeyOf(row))];
  }
  return group;
}

std::optional<WasteReason> WastedCalls::ReasonByRun(const Block& block, size_t row) {
  const RunEnding* const ending = endings_.Of(block, row);
  if (ending == nullptr) {
    return std::nullopt;
  }
  return endings_.IsUnused(block, row) ? std::optional(WasteReason::kUnusedStep)
                                       : ReasonOf(ending->outcome);
}

void WastedCalls::Remember(const LogRow& row, WastedGroup* group) {
  const CallRows& calls = row.calls();
  const SeriesKey& key = state_.catalog.Series(row.series());
  const uint64_t step = key[NameKind::kStep].value();
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio, which is odd.
  const uint64_t run_and_step = endings_.RunOf(row.block, row.row).first ^ (step * kSpread);
  parts_[run_and_step >> (64 - kPartBits)].push_back(
      {.run_and_step = run_and_step,
       .time_us = row.time_us(),
       .model = (uint64_t{key[NameKind::kProvider].value()} << 32) | key[NameKind::kModel].value(),
       .prompt_tokens = prompt_tokens_[row.row],
       .cost_picos = calls.cost_picos[row.row],
       .group = group,
       .weight = calls.weight[row.row],
       .failed = calls.status[row.row] != CallStatus::kOk});
}

void WastedCalls::EndPiece() {
  for (std::vector<Record>& part : parts_) {
    JudgePart(part);
    part.clear();
  }
}

void WastedCalls::JudgePart(absl::Span<const Record> part) {
  order_.clear();
  for (const Record& record : part) {
    order_.push_back({.run_and_step = record.run_and_step,
                      .record = static_cast<uint32_t>(order_.size()),
                      .failed = record.failed});
  }
  std::sort(order_.begin(), order_.end(), [](const Place& a, const Place& b) {
    return a.run_and_step != b.run_and_step ? a.run_and_step < b.run_and_step : a.record < b.record;
  });
  for (size_t begin = 0; begin < order_.size();) {
    size_t end = begin + 1;
    while (end < order_.size() && order_[end].run_and_step == order_[begin].run_and_step) {
      ++end;
    }
    // A call that is alone with its step and did not fail is neither retried nor repeated.
    if (end - begin > 1 || order_[begin].failed) {
      Judge(part, absl::MakeConstSpan(order_).subspan(begin, end - begin));
    }
    begin = end;
  }
}

// Takes the records of one step of one run, and judges the calls that are left of them.
void WastedCalls::Judge(absl::Span<const Record> part, absl::Span<const Place> of_run_and_step) {
  calls_.clear();
  for (const Place& place : of_run_and_step) {
    calls_.push_back(part[place.record]);
  }
  if (calls_.size() > 1) {
    std::sort(calls_.begin(), calls_.end(),
              [](const Record& a, const Record& b) { return a.Content() < b.Content(); });
    size_t kept = 0;
    for (const Record& call : calls_) {
      // A row that takes a call out goes with one that brought it.
      const bool is_opposite = kept > 0 && calls_[kept - 1].Content() == call.Content() &&
                               calls_[kept - 1].weight == -call.weight;
      kept -= is_opposite ? 1 : 0;
      if (!is_opposite) {
        calls_[kept++] = call;
      }
    }
    calls_.resize(kept);
  }
  JudgeFailures();
  JudgePrompts();
}

void WastedCalls::JudgeFailures() {
  for (size_t i = 0; i < calls_.size(); ++i) {
    const Record& call = calls_[i];
    if (call.failed && call.group != nullptr) {
      AddWasted(IsRetried(calls_, i) ? WasteReason::kRetried : WasteReason::kCallFailed,
                call.weight, call.cost_picos, call.group);
    }
  }
}

// Sorts the calls that were answered by prompt: each is a repeat of the one before it, if that has
// the same prompt and is not too old.
void WastedCalls::JudgePrompts() {
  prompts_.clear();
  for (const Record& call : calls_) {
    if (!call.failed && call.prompt_tokens >= kDuplicatePromptTokensMin) {
      prompts_.push_back(&call);
    }
  }
  // The calls stand by time, as do their addresses.
  std::sort(prompts_.begin(), prompts_.end(), [](const Record* a, const Record* b) {
    return a->Prompt() != b->Prompt() ? a->Prompt() < b->Prompt() : a < b;
  });
  for (size_t i = 1; i < prompts_.size(); ++i) {
    const Record& call = *prompts_[i];
    const Record& before = *prompts_[i - 1];
    if (call.Prompt() == before.Prompt() && call.time_us - before.time_us <= kRepeatWithinUs &&
        call.group != nullptr) {
      AddWasted(WasteReason::kDuplicatePrompt, call.weight, call.cost_picos, call.group);
    }
  }
}

bool WastedCalls::IsRetried(absl::Span<const Record> calls, size_t i) {
  for (size_t next = i + 1; next < calls.size(); ++next) {
    const int64_t after_us = calls[next].time_us - calls[i].time_us;
    if (after_us > 0) {
      return after_us <= kRepeatWithinUs;
    }
  }
  return false;
}

}  // namespace itemized
