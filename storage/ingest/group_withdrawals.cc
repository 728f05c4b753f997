// SPDX-License-Identifier: Apache-2.0
// This part of GroupBuilder takes stored calls out, for retractions and for higher revisions.

#include <iterator>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/ingest/group_builder.h"

namespace itemized {

GroupBuilder::Relation GroupBuilder::RelationOf(const NamedCall& named,
                                                const RunCall* stored) const {
  if (stored == nullptr) {
    return Relation::kNew;
  }
  const CheckedCall& checked = *named.checked;
  const RunEntry* const entry = named.run->run.entry;
  const uint32_t stored_revision = entry->run.RevisionOf(checked.fingerprint);
  if (checked.view.revision == stored_revision) {
    return Relation::kSameRevision;
  }
  if (checked.view.revision < stored_revision) {
    return Relation::kOutdated;
  }
  const Withdrawals::Standing standing = withdrawals_.StandingOf(entry, checked.view.event_id);
  return standing == Withdrawals::Standing::kTooOld ? Relation::kTooOld : Relation::kReplaces;
}

void GroupBuilder::TakeOutReplaced(const NamedCall& named) {
  const RunEntry* const entry = named.run->run.entry;
  const absl::string_view id = named.checked->view.event_id;
  if (named.checked->view.revision != 0 &&
      withdrawals_.StandingOf(entry, id) == Withdrawals::Standing::kStands) {
    withdrawals_.TakeOut(entry, id);
  }
}

absl::Status GroupBuilder::NameReplaced(const CheckedBatch& batch) {
  for (const CheckedCall& call : batch.calls) {
    if (call.view.revision == 0 || call.view.time_us < first_us_) {
      continue;
    }
    ASSIGN_OR_RETURN(const RunState* const run, RunOf(batch.Text(call.view.workflow_id)));
    RunEntry* const entry = run->run.entry;
    if (entry->run.Find(call.fingerprint) != nullptr &&
        entry->run.RevisionOf(call.fingerprint) < call.view.revision) {
      withdrawals_.Name(entry, call.view.event_id);
    }
  }
  return absl::OkStatus();
}

absl::Status GroupBuilder::Withdraw(absl::Span<const CallId> retractions,
                                    absl::Span<const CheckedBatch> batches) {
  for (const CallId& id : retractions) {
    ASSIGN_OR_RETURN(const RunState* const run, RunOf(id.workflow_id));
    withdrawals_.Name(run->run.entry, id.event_id);
  }
  for (const CheckedBatch& batch : batches) {
    if (batch.has_revisions()) {
      RETURN_IF_ERROR(NameReplaced(batch));
    }
  }
  RETURN_IF_ERROR(withdrawals_.Load());
  for (const CallId& id : retractions) {
    ASSIGN_OR_RETURN(const RunState* const run, RunOf(id.workflow_id));
    if (withdrawals_.StandingOf(run->run.entry, id.event_id) == Withdrawals::Standing::kStands) {
      withdrawals_.TakeOut(run->run.entry, id.event_id);
    }
  }
  return absl::OkStatus();
}

// Blocks that take calls out come first, so that a run folds them before what takes their place.
std::vector<Block> GroupBuilder::Finish() {
  std::vector<Block> blocks = withdrawals_.Finish();
  for (const Block& block : blocks) {
    CHECK_OK(staged_.Add(block));  // Its runs are staged and whole.
  }
  std::vector<Block> added = blocks_.Finish(&staged_);
  blocks.insert(blocks.end(), std::make_move_iterator(added.begin()),
                std::make_move_iterator(added.end()));
  return blocks;
}

}  // namespace itemized
