#include "storage/views/runs.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized {

absl::StatusOr<std::optional<Run>> Runs::ReadRow(absl::string_view workflow_id) const {
  if (kv_ == nullptr || !known_.MayContain(workflow_id)) {
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv_->Get(Family::kWorkflows, workflow_id));
  if (!row.has_value()) {
    return std::nullopt;
  }
  std::optional<Run> run = Run::Decode(*row, catalog_);
  if (!run.has_value()) {
    return absl::DataLossError(
        absl::StrCat("the store is damaged: the run ", workflow_id, " cannot be read"));
  }
  return run;
}

absl::StatusOr<const Run*> Runs::Stage(absl::string_view workflow_id) {
  if (const auto found = resident_.find(workflow_id); found != resident_.end()) {
    return found->second->run.ledger().empty() && !found->second->run.completion().has_value()
               ? nullptr
               : &found->second->run;
  }
  if (const auto found = staged_.find(workflow_id); found != staged_.end()) {
    return found->second == nullptr ? nullptr : &found->second->run;
  }
  ASSIGN_OR_RETURN(std::optional<Run> run, ReadRow(workflow_id));
  std::unique_ptr<Entry> entry;
  if (run.has_value()) {
    entry = std::make_unique<Entry>();
    entry->run = *std::move(run);
  }
  const auto [it, inserted] = staged_.emplace(workflow_id, std::move(entry));
  return it->second == nullptr ? nullptr : &it->second->run;
}

// Takes the run out of the outcomes until the end of the fold.
Runs::Entry* Runs::Touch(const std::string& workflow_id) {
  auto found = resident_.find(workflow_id);
  if (found == resident_.end()) {
    const auto staged = staged_.find(workflow_id);
    CHECK(staged != staged_.end());
    std::unique_ptr<Entry> entry = std::move(staged->second);
    staged_.erase(staged);
    if (entry == nullptr) {
      entry = std::make_unique<Entry>();
      known_.Add(workflow_id);
    }
    entry->workflow_id = workflow_id;
    const absl::string_view key = entry->workflow_id;
    found = resident_.emplace(key, std::move(entry)).first;
  }
  Entry* entry = found->second.get();
  if (!entry->touched) {
    entry->touched = true;
    entry->recent = true;
    touched_.push_back(entry);
    outcomes_.Post(entry->run, -1, catalog_);
  }
  return entry;
}

void Runs::Fold(const Block& block) {
  const CallRows& calls = block.calls;
  std::vector<Entry*> entries;
  entries.reserve(calls.run_names.size());
  for (const std::string& name : calls.run_names) {
    entries.push_back(Touch(name));
  }
  for (size_t row = 0; row < calls.size(); ++row) {
    entries[calls.run[row]]->run.Apply(calls, row, block.ref, catalog_);
  }
  for (const CompletionRow& row : block.completions) {
    if (!row.unused_steps.empty()) {
      with_unused_.Add(row.run_name);
    }
    Touch(row.run_name)
        ->run.Apply(RunCompletion{.time_us = row.time_us,
                                  .workflow = row.workflow,
                                  .outcome = row.outcome,
                                  .unused_steps = row.unused_steps});
  }
  for (Entry* entry : touched_) {
    entry->touched = false;
    outcomes_.Post(entry->run, 1, catalog_);
    if (!entry->dirty) {
      entry->dirty = true;
      dirty_.push_back(entry);
    }
  }
  touched_.clear();
}

absl::StatusOr<bool> Runs::Visit(absl::string_view workflow_id,
                                 absl::FunctionRef<void(const Run&)> visit) const {
  if (const auto found = resident_.find(workflow_id); found != resident_.end()) {
    visit(found->second->run);
    return true;
  }
  ASSIGN_OR_RETURN(const std::optional<Run> run, ReadRow(workflow_id));
  if (run.has_value()) {
    visit(*run);
  }
  return run.has_value();
}

void Runs::Checkpoint(KvBatch* batch) {
  for (Entry* entry : dirty_) {
    batch->Put(Family::kWorkflows, entry->workflow_id, entry->run.Encode());
    entry->dirty = false;
  }
  dirty_.clear();
  outcomes_.Checkpoint(batch);
}

void Runs::Forget(absl::string_view workflow_id) {
  staged_.erase(workflow_id);
  if (const auto found = resident_.find(workflow_id); found != resident_.end()) {
    CHECK(!found->second->dirty);
    resident_.erase(found);
  }
}

void Runs::Evict() {
  staged_.clear();
  if (kv_ == nullptr || resident_.size() <= resident_max_) {
    return;
  }
  absl::erase_if(resident_, [](Resident::value_type& slot) {
    const bool keep = slot.second->dirty || slot.second->recent;
    slot.second->recent = false;
    return !keep;
  });
}

absl::Status Runs::Load(const Kv& kv, Hour first_hour) {
  auto rows = kv.Scan(Family::kWorkflows, "", "");
  for (; rows->Valid(); rows->Next()) {
    known_.Add(rows->key());
    if (Run::MayHaveUnused(rows->value())) {
      with_unused_.Add(rows->key());
    }
  }
  RETURN_IF_ERROR(rows->status());
  outcomes_ = Outcomes(first_hour);
  return outcomes_.Load(kv, catalog_);
}

}  // namespace itemized
