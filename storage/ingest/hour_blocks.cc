// SPDX-License-Identifier: Apache-2.0
#include "storage/ingest/hour_blocks.h"

#include <algorithm>

namespace itemized {
namespace {

uint32_t IndexOf(absl::string_view text, absl::flat_hash_map<std::string, uint32_t>* index,
                 StringColumn* list) {
  const auto found = index->find(text);
  if (found != index->end()) {
    return found->second;
  }
  const uint32_t position = static_cast<uint32_t>(list->size());
  list->push_back(text);
  index->emplace(text, position);
  return position;
}

// So many blocks get room for rows at once: the first for all calls, since most groups lie in one
// hour; the next ones for kReservedRows.
constexpr size_t kReservedBlocks = 16;
constexpr size_t kReservedRows = 1'024;

// Makes room for `count` rows in the columns that every block has.
void Reserve(size_t count, CallRows* rows, StagedBlock* staged) {
  staged->fingerprints.reserve(count);
  rows->weight.reserve(count);
  rows->time_us.reserve(count);
  rows->series.reserve(count);
  rows->run.reserve(count);
  rows->event_ids.reserve(count, count * 24);
  rows->duration_us.reserve(count);
  rows->status.reserve(count);
  rows->cost_picos.reserve(count);
  rows->flags.reserve(count);
}

// Fills the usage columns of the rows just appended. A usage class that none of them uses is left
// unpadded; Finish pads it.
void AddUsage(const CheckedBatch& batch, absl::Span<const PricedCall> calls, CallRows* rows) {
  const size_t first = rows->size() - calls.size();
  for (const size_t c : batch.usage_classes) {
    const absl::Span<const int64_t> counts = batch.batch.calls.usage[c];
    const auto count_of = [&](const PricedCall& call) {
      return call.checked->view.usage_missing ? 0 : counts[call.checked->view.row];
    };
    if (std::all_of(calls.begin(), calls.end(),
                    [&](const auto& call) { return count_of(call) == 0; })) {
      continue;
    }
    std::vector<int64_t>& column = rows->usage[c];
    column.resize(rows->size());
    for (size_t i = 0; i < calls.size(); ++i) {
      column[first + i] = count_of(calls[i]);
    }
  }
}

// Appends the flags of calls, and fills the receipts of outliers. Like usage, receipts may stay
// short.
void AddFlags(absl::Span<const PricedCall> calls, CallRows* rows) {
  for (const PricedCall& call : calls) {
    const Threshold& threshold = *call.threshold;
    const bool outlier = !call.cost.unpriced && call.cost.picos > threshold.picos;
    rows->flags.push_back(static_cast<uint8_t>(
        (call.cost.unpriced ? kFlagUnpriced : 0) |
        (call.checked->view.usage_missing ? kFlagUsageMissing : 0) |
        (call.checked->view.usage_unknown ? kFlagUsageUnknown : 0) |
        (call.cost.reported ? kFlagCostReported : 0) | (outlier ? kFlagOutlier : 0) |
        (outlier && threshold.learning ? kFlagLearning : 0)));
    if (outlier) {  // No other call has a receipt.
      rows->p50_picos.resize(rows->flags.size());
      rows->p50_picos.back() = threshold.p50_picos;
      rows->sample_count.resize(rows->flags.size());
      rows->sample_count.back() = threshold.sample_count;
    }
  }
}

void AddRevisions(absl::Span<const PricedCall> calls, CallRows* rows) {
  const size_t first = rows->size() - calls.size();
  for (size_t i = 0; i < calls.size(); ++i) {
    const uint32_t revision = calls[i].checked->view.revision;
    if (revision != 0) {
      rows->revision.resize(first + i + 1);
      rows->revision.back() = revision;
    }
  }
}

void AddReportedCosts(absl::Span<const PricedCall> calls, CallRows* rows) {
  const size_t first = rows->size() - calls.size();
  for (size_t i = 0; i < calls.size(); ++i) {
    const int64_t reported_cost = calls[i].checked->view.reported_cost;
    if (reported_cost != 0) {
      rows->reported_cost.resize(first + i + 1);
      rows->reported_cost.back() = reported_cost;
    }
  }
}

void AddReportedUsage(absl::Span<const absl::string_view> reported,
                      absl::Span<const PricedCall> calls, CallRows* rows) {
  const size_t first = rows->size() - calls.size();
  for (size_t i = 0; i < calls.size(); ++i) {
    const absl::string_view usage = reported[calls[i].checked->view.row];
    if (!usage.empty()) {
      rows->reported_usage.PutLast(first + i + 1, usage);
    }
  }
}

}  // namespace

size_t HourBlocks::PositionOf(Hour hour) {
  if (last_position_ != SIZE_MAX && hour == last_hour_) {
    return last_position_;
  }
  const auto [it, inserted] = positions_.emplace(hour, blocks_.size());
  if (inserted) {
    Block& block = blocks_.emplace_back();
    block.ref.hour = hour;
    StagedBlock& staged = staged_.emplace_back();
    if (blocks_.size() <= kReservedBlocks) {
      Reserve(blocks_.size() == 1 ? calls_ : std::min(calls_, kReservedRows), &block.calls,
              &staged);
    }
    indices_.emplace_back();
  }
  last_hour_ = hour;
  last_position_ = it->second;
  return last_position_;
}

// Fills the attributes of calls that the other columns of the block at `position` have already.
void HourBlocks::AddAttributes(const CheckedBatch& batch, absl::Span<const PricedCall> calls,
                               size_t position) {
  CallRows& rows = blocks_[position].calls;
  Index& index = indices_[position];
  const size_t first = rows.size() - calls.size();
  for (size_t i = 0; i < calls.size(); ++i) {
    const absl::Span<const AttributeView> attributes = batch.AttributesOf(calls[i].checked->view);
    if (attributes.empty()) {
      continue;
    }
    if (rows.attribute_sets.empty()) {
      rows.attribute_sets.emplace_back();  // Set 0 has no attributes.
      index.attribute_sets.emplace(rows.attribute_sets.front(), 0);
    }
    std::vector<std::pair<uint32_t, uint32_t>> set;
    for (const auto& [key, value] : attributes) {
      const uint32_t key_index = IndexOf(batch.Text(key), &index.strings, &rows.strings);
      set.emplace_back(key_index, IndexOf(batch.Text(value), &index.strings, &rows.strings));
    }
    const auto [it, inserted] =
        index.attribute_sets.emplace(set, static_cast<uint32_t>(rows.attribute_sets.size()));
    if (inserted) {
      rows.attribute_sets.push_back(std::move(set));
    }
    rows.attribute_set.resize(first + i + 1);
    rows.attribute_set.back() = it->second;
  }
}

// Keeps the models that the series of calls do not name.
void HourBlocks::AddOtherModels(const CheckedBatch& batch, absl::Span<const PricedCall> calls,
                                size_t position) {
  CallRows& rows = blocks_[position].calls;
  const size_t first = rows.size() - calls.size();
  for (size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].has_other_model) {
      const absl::string_view model = batch.Text(calls[i].checked->view.NameOf(NameKind::kModel));
      rows.other_model.resize(first + i + 1);
      rows.other_model.back() = IndexOf(model, &indices_[position].strings, &rows.strings) + 1;
    }
  }
}

uint32_t HourBlocks::NameOf(PendingRun* run, size_t position) {
  if (run->block != position) {
    StringColumn& names = blocks_[position].calls.run_names;
    const auto [it, inserted] =
        indices_[position].runs.try_emplace(run->index, static_cast<uint32_t>(names.size()));
    if (inserted) {
      names.push_back(run->entry->workflow_id);
      staged_[position].runs.push_back(run->entry);
    }
    run->block = position;
    run->name = it->second;
  }
  return run->name;
}

// Fills column by column, since the values of a column wait for nothing but memory that lies
// together.
void HourBlocks::AddToBlock(const CheckedBatch& batch, absl::Span<const PricedCall> calls,
                            size_t position) {
  CallRows& rows = blocks_[position].calls;
  const size_t first = rows.size();
  const auto add = [&](auto* column, auto value_of) {
    column->resize(first + calls.size());
    for (size_t i = 0; i < calls.size(); ++i) {
      (*column)[first + i] = value_of(calls[i]);
    }
  };
  rows.weight.resize(first + calls.size(), 1);
  add(&rows.time_us, [](const PricedCall& call) { return call.checked->view.time_us; });
  add(&rows.series, [](const PricedCall& call) { return call.series.value(); });
  add(&rows.run, [&](const PricedCall& call) { return NameOf(call.run, position); });
  add(&staged_[position].fingerprints,
      [](const PricedCall& call) { return call.checked->fingerprint; });
  add(&rows.duration_us, [](const PricedCall& call) { return call.checked->view.duration_us; });
  add(&rows.status, [](const PricedCall& call) { return call.checked->view.status; });
  add(&rows.cost_picos, [](const PricedCall& call) { return call.cost.picos; });
  for (const PricedCall& call : calls) {
    rows.event_ids.push_back(call.checked->view.event_id);
  }
  AddUsage(batch, calls, &rows);
  AddFlags(calls, &rows);
  if (!batch.batch.calls.revision.empty()) {
    AddRevisions(calls, &rows);
  }
  if (!batch.batch.calls.reported_usage.empty()) {
    AddReportedUsage(batch.batch.calls.reported_usage, calls, &rows);
  }
  if (!batch.batch.calls.reported_cost.empty()) {
    AddReportedCosts(calls, &rows);
  }
  if (!batch.attributes.empty()) {
    AddAttributes(batch, calls, position);
  }
  if (std::any_of(calls.begin(), calls.end(),
                  [](const PricedCall& call) { return call.has_other_model; })) {
    AddOtherModels(batch, calls, position);
  }
}

void HourBlocks::Add(const CheckedBatch& batch, absl::Span<const PricedCall> calls) {
  while (!calls.empty()) {
    const Hour hour = HourOf(calls.front().checked->view.time_us);
    size_t count = 1;
    while (count < calls.size() && HourOf(calls[count].checked->view.time_us) == hour) {
      ++count;
    }
    AddToBlock(batch, calls.first(count), PositionOf(hour));
    calls.remove_prefix(count);
  }
}

// Columns that are mostly zero were left short, and are made as long as the others here.
std::vector<Block> HourBlocks::Finish(StagedRuns* staged) {
  const auto fill = [](auto* column, size_t rows) {
    if (!column->empty()) {
      column->resize(rows);
    }
  };
  for (Block& block : blocks_) {
    CallRows& rows = block.calls;
    for (auto& column : rows.usage) {
      fill(&column, rows.size());
    }
    fill(&rows.p50_picos, rows.size());
    fill(&rows.sample_count, rows.size());
    fill(&rows.attribute_set, rows.size());
    fill(&rows.revision, rows.size());
    fill(&rows.other_model, rows.size());
    fill(&rows.reported_cost, rows.size());
    rows.reported_usage.Pad(rows.size());
  }
  for (StagedBlock& block : staged_) {
    staged->Add(std::move(block));
  }
  return std::move(blocks_);
}

void HourBlocks::Add(CompletionRow row, PendingRun* run) {
  const size_t position = PositionOf(HourOf(row.time_us));
  row.run = NameOf(run, position);
  blocks_[position].completions.push_back(std::move(row));
}

}  // namespace itemized
