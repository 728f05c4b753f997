// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/correction_maker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/check.h"
#include "storage/base/mutex.h"
#include "storage/base/status_macros.h"
#include "storage/maintenance/price_again.h"
#include "storage/store/usage_again.h"

namespace itemized {
namespace {

constexpr size_t kCommitHoursMax = 256;  // Each hour of a commit has a block of its own.

// How many calls are looked at for one commit, since most may cost what they did.
constexpr int64_t kSeenCallsMax = 65'536;

// How many calls are looked at while the lock is held, which keeps the committer waiting.
constexpr size_t kLockedCalls = 256;

// How many calls and hours are read together. This bounds memory, but for an hour with more calls.
constexpr int64_t kPortionCalls = 16'384;
constexpr size_t kPortionHours = 4'096;

}  // namespace

CorrectionMaker::CorrectionMaker(State* state, const RepricingPlan& plan,
                                 std::optional<JobKind> kind, Blocks undone)
    : state_(*state), plan_(plan), kind_(kind), undone_(std::move(undone)) {}

void CorrectionMaker::Rewind(size_t hour) {
  next_hour_ = portion_begin_ = hour;
  portion_ = Portion();
}

// Whether no more are to be made before these are committed.
bool CorrectionMaker::is_due(const Corrections& made, size_t calls_max) const {
  return made.calls >= static_cast<int64_t>(calls_max) || made.blocks.size() >= kCommitHoursMax ||
         made.seen >= kSeenCallsMax;
}

Corrections CorrectionMaker::Make(size_t calls_max, Moment asked) {
  Corrections made;
  made.begin = portion_.is_done() ? next_hour_ : portion_begin_;
  while (made.status.ok() && !is_due(made, calls_max)) {
    if (!portion_.is_done()) {
      LookAtSome(calls_max, &made);
    } else if (next_hour_ < plan_.hours.size()) {
      made.status = Read(asked.block);
    } else {
      break;
    }
  }
  made.status.Update(made.blocks.ReadRuns(&state_, asked.evictions));
  made.blocks.Encode();
  made.is_last = portion_.is_done() && next_hour_ == plan_.hours.size();
  return made;
}

absl::Status CorrectionMaker::Read(BlockSequence up_to) {
  portion_ = Portion();
  portion_begin_ = next_hour_;
  int64_t calls = 0;
  while (next_hour_ < plan_.hours.size() && calls < kPortionCalls &&
         next_hour_ - portion_begin_ < kPortionHours) {
    const auto& [hour, calls_of_hour] = plan_.hours[next_hour_++];
    calls += calls_of_hour;
    RETURN_IF_ERROR(ReadHour(hour, up_to));
  }
  portion_.rows = NetRows(portion_.blocks);
  return kind_ == JobKind::kRederive ? ReadReports() : absl::OkStatus();
}

absl::Status CorrectionMaker::ReadHour(Hour hour, BlockSequence up_to) {
  absl::StatusOr<std::optional<BlockStore::Reader>> reader = std::nullopt;
  {
    const ReaderLock lock(state_.mutex);
    if (hour >= state_.blocks.first_hour()) {  // Retention may have dropped it meanwhile.
      reader = state_.blocks.OpenHours(hour, hour + 1, up_to, kAllColumns);
    }
  }
  RETURN_IF_ERROR(reader.status());
  while (reader->has_value()) {
    ASSIGN_OR_RETURN(std::optional<Block> block, (*reader)->Next());
    if (!block.has_value()) {
      break;
    }
    portion_.blocks.push_back(*std::move(block));
  }
  return absl::OkStatus();
}

absl::Status CorrectionMaker::ReadReports() {
  for (const RowRef& ref : portion_.rows) {
    const CallRows& calls = portion_.blocks[ref.block].calls;
    ASSIGN_OR_RETURN(portion_.usage.emplace_back(),
                     IsConcerned(calls, ref.row)
                         ? ReadUsageAgain(calls, ref.row)
                         : absl::StatusOr<RowUsage>(calls.RowUsageAt(ref.row)));
  }
  return absl::OkStatus();
}

void CorrectionMaker::LookAtSome(size_t calls_max, Corrections* made) {
  const ReaderLock lock(state_.mutex);
  Pricer pricer(&state_.rates, state_.catalog, state_.trusted_costs);
  for (size_t i = 0; i < kLockedCalls && !portion_.is_done() && !is_due(*made, calls_max); ++i) {
    LookAt(portion_.next++, &pricer, made);
  }
  AddRepriced(made);
}

// Looks at one of the rows of the portion.
void CorrectionMaker::LookAt(size_t row, Pricer* pricer, Corrections* made) {
  const RowRef& ref = portion_.rows[row];
  const Block& block = portion_.blocks[ref.block];
  if (!IsConcerned(block.calls, ref.row)) {
    return;
  }
  ++made->seen;
  if (kind_ == JobKind::kUndo) {
    return UndoRow(ref, made);
  }
  if (kind_ == JobKind::kRederive) {
    return RederiveRow(row, pricer, made);
  }
  RepriceRow(ref, pricer, made);
}

bool CorrectionMaker::IsConcerned(const CallRows& calls, size_t row) const {
  const SeriesId series = calls.SeriesAt(row);
  // Series that came later were priced by the new book from the first.
  if (series.value() >= plan_.covered.size()) {
    return false;
  }
  const absl::string_view other_model = calls.OtherModelAt(row);
  const bool is_meant = other_model.empty()
                            ? plan_.covered[series.value()]
                            : plan_.model.value_or(std::string(other_model)) == other_model;
  if (!is_meant) {
    return false;
  }
  const int64_t time_us = calls.time_us[row];
  const bool is_unpriced = calls.Has(row, kFlagUnpriced);
  return time_us < plan_.to_us &&
         (time_us >= plan_.from_us || (is_unpriced && time_us >= plan_.unpriced_from_us));
}

namespace {

void Count(CallCost before, CallCost after, Corrections* made) {
  ++made->calls;
  made->cost_before += before.picos;
  made->cost_after += after.picos;
}

}  // namespace

void CorrectionMaker::RepriceRow(const RowRef& ref, Pricer* pricer, Corrections* made) {
  const CallRows& calls = portion_.blocks[ref.block].calls;
  const CallCost after = pricer->PriceRow(calls, ref.row);
  if (after == calls.CostAt(ref.row)) {
    return;
  }
  if (repriced_.empty() || ref.block != repriced_block_) {
    AddRepriced(made);
    repriced_block_ = ref.block;
    made->blocks.Of(portion_.blocks[ref.block].ref.hour);  // Its hour counts from its first row on.
  }
  repriced_.push_back({.row = static_cast<uint32_t>(ref.row), .cost = after});
  Count(calls.CostAt(ref.row), after, made);
}

void CorrectionMaker::AddRepriced(Corrections* made) {
  if (!repriced_.empty()) {
    PriceAgain(portion_.blocks[repriced_block_], repriced_, &made->blocks);
    repriced_.clear();
  }
}

// What calls cost whose usage stays as it is is not asked.
void CorrectionMaker::RederiveRow(size_t row, Pricer* pricer, Corrections* made) {
  const RowRef& ref = portion_.rows[row];
  const Block& block = portion_.blocks[ref.block];
  const RowUsage& usage = portion_.usage[row];
  if (usage == block.calls.RowUsageAt(ref.row)) {
    return;
  }
  const CallCost after = pricer->PriceRow(block.calls, ref.row, usage);
  CountAgain(block, ref.row, usage, after, &made->blocks);
  Count(block.calls.CostAt(ref.row), after, made);
}

// Restores the call that the row behind it in its block has taken out, if that block is of the job
// that is undone. If the call was changed again since, its row is in another block.
void CorrectionMaker::UndoRow(const RowRef& ref, Corrections* made) {
  const Block& block = portion_.blocks[ref.block];
  if (!undone_.contains(block.ref.sequence)) {
    return;
  }
  CHECK(ref.row > 0 && block.calls.weight[ref.row - 1] < 0);
  RowAppender& rows = made->blocks.Of(block.ref.hour);
  rows.Append(block.calls, ref.row, -1);
  rows.Append(block.calls, ref.row - 1, 1);
  Count(block.calls.CostAt(ref.row), block.calls.CostAt(ref.row - 1), made);
}

}  // namespace itemized
