// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/withdrawals.h"

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/runs/call_content.h"
#include "storage/runs/run_blocks.h"

namespace itemized {

void Withdrawals::Name(RunEntry* run, absl::string_view event_id) {
  const bool is_new =
      calls_.try_emplace(Key(run->workflow_id, std::string(event_id)), Call{.run = run}).second;
  if (is_new) {
    staged_.NeedCalls(run);
  }
}

Withdrawals::Call* Withdrawals::Find(absl::string_view workflow_id, absl::string_view event_id) {
  const auto found = calls_.find(Key(workflow_id, event_id));
  return found == calls_.end() ? nullptr : &found->second;
}

// Notes which rows of `block` hold the calls. If several rows are what a run remembers of a call,
// the newest one stands: those before it were taken out.
void Withdrawals::See(Block block) {
  const RowContents contents(block.calls);
  for (size_t row = 0; row < block.calls.size(); ++row) {
    if (block.calls.weight[row] < 0) {
      continue;
    }
    Call* const call = Find(block.calls.RunName(row), block.calls.EventId(row));
    if (call == nullptr || call->standing != Standing::kStands) {
      continue;
    }
    const RunCall* const known =
        call->run->run.Find(FingerprintOf(state_.catalog.id_key(), block.calls.EventId(row)));
    // Runs do not know whether the provider reported a cost.
    if (known->time_us == block.calls.time_us[row] && known->content == contents.Of(row) &&
        known->cost_picos == block.calls.cost_picos[row] &&
        known->unpriced == block.calls.Has(row, kFlagUnpriced)) {
      call->block = blocks_.size();
      call->row = row;
    }
  }
  blocks_.push_back(std::move(block));
}

absl::Status Withdrawals::Load() {
  RETURN_IF_ERROR(staged_.LoadCalls());
  RunBlocks blocks;
  for (auto& [key, call] : calls_) {
    const RunCall* const known =
        call.run->run.Find(FingerprintOf(state_.catalog.id_key(), key.second));
    if (known == nullptr || known->retracted) {
      continue;
    }
    const Hour hour = HourOf(known->time_us);
    call.standing = hour < state_.blocks.first_hour() ? Standing::kTooOld : Standing::kStands;
    for (const BlockRef& ref : call.run->run.blocks()) {
      if (ref.hour == hour && call.standing == Standing::kStands) {
        blocks.Add(call.run->workflow_id, {&ref, 1});
      }
    }
  }
  RETURN_IF_ERROR(blocks.Read(state_.blocks, [this](Block block) {
    See(std::move(block));
    return absl::OkStatus();
  }));
  for (const auto& [key, call] : calls_) {
    if (call.standing == Standing::kStands && call.block == SIZE_MAX) {
      return absl::DataLossError(absl::StrCat("The store is damaged: the call ", Quoted(key.second),
                                              " of run ", Quoted(key.first),
                                              " is missing from its blocks. Restore the data "
                                              "directory from a backup."));
    }
  }
  return absl::OkStatus();
}

Withdrawals::Standing Withdrawals::StandingOf(const RunEntry* run,
                                              absl::string_view event_id) const {
  const auto found = calls_.find(Key(run->workflow_id, event_id));
  return found == calls_.end() ? Standing::kNone : found->second.standing;
}

void Withdrawals::TakeOut(const RunEntry* run, absl::string_view event_id) {
  Call* const call = Find(run->workflow_id, event_id);
  CHECK(call != nullptr && call->standing == Standing::kStands);
  const Block& block = blocks_[call->block];
  rows_.Of(block.ref.hour).Append(block.calls, call->row, -1);
  call->standing = Standing::kNone;
}

}  // namespace itemized
