#include "storage/engine/hour_blocks.h"

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

// Blocks that get room for a busy hour at once; a group of many hours has few calls in each.
constexpr size_t kReservedBlocks = 16;

// Room for the rows of a busy hour in the columns that every block has.
void Reserve(CallRows* rows) {
  constexpr size_t kRows = 1'024;
  rows->weight.reserve(kRows);
  rows->time_us.reserve(kRows);
  rows->series.reserve(kRows);
  rows->run.reserve(kRows);
  rows->event_ids.reserve(kRows, kRows * 24);
  rows->event_fingerprint.reserve(kRows);
  rows->duration_us.reserve(kRows);
  rows->status.reserve(kRows);
  rows->cost_picos.reserve(kRows);
  rows->flags.reserve(kRows);
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
    if (blocks_.size() <= kReservedBlocks) {
      Reserve(&block.calls);
    }
    indices_.emplace_back();
  }
  last_hour_ = hour;
  last_position_ = it->second;
  return last_position_;
}

void HourBlocks::AddFlags(const CallView& call, CallCost cost, const Threshold& threshold,
                          CallRows* rows) {
  int flags = (cost.unpriced ? kFlagUnpriced : 0) | (call.usage_missing ? kFlagUsageMissing : 0);
  const bool outlier = !cost.unpriced && cost.picos > threshold.picos;
  if (outlier) {
    flags |= kFlagOutlier | (threshold.learning ? kFlagLearning : 0);
  }
  rows->flags.push_back(static_cast<uint8_t>(flags));
  if (outlier) {  // Only then is there a receipt.
    rows->p50_picos.resize(rows->size());
    rows->p50_picos.back() = threshold.p50_picos;
    rows->sample_count.resize(rows->size());
    rows->sample_count.back() = threshold.sample_count;
  }
}

void HourBlocks::AddAttributes(const CheckedBatch& batch, const CallView& call, Index* index,
                               CallRows* rows) {
  const absl::Span<const AttributeView> attributes = batch.AttributesOf(call);
  if (attributes.empty()) {
    return;
  }
  if (rows->attribute_sets.empty()) {
    rows->attribute_sets.emplace_back();  // Number 0: no attributes.
    index->attribute_sets.emplace(rows->attribute_sets.front(), 0);
  }
  std::vector<std::pair<uint32_t, uint32_t>> set;
  for (const auto& [key, value] : attributes) {
    const uint32_t key_index = IndexOf(batch.Text(key), &index->strings, &rows->strings);
    set.emplace_back(key_index, IndexOf(batch.Text(value), &index->strings, &rows->strings));
  }
  const auto [it, inserted] =
      index->attribute_sets.emplace(set, static_cast<uint32_t>(rows->attribute_sets.size()));
  if (inserted) {
    rows->attribute_sets.push_back(std::move(set));
  }
  rows->attribute_set.resize(rows->size());
  rows->attribute_set.back() = it->second;
}

uint32_t HourBlocks::NameOf(GroupRun* run, size_t position) {
  if (run->block != position) {
    Block& block = blocks_[position];
    StringColumn& names = block.calls.run_names;
    const auto [it, inserted] =
        indices_[position].runs.try_emplace(run->index, static_cast<uint32_t>(names.size()));
    if (inserted) {
      names.push_back(run->entry->workflow_id);
      block.staged.push_back(run->entry);
    }
    run->block = position;
    run->name = it->second;
  }
  return run->name;
}

void HourBlocks::Add(const CheckedBatch& batch, const CheckedCall& checked, const Usage& usage,
                     GroupRun* run, SeriesId series, CallCost cost, const Threshold& threshold) {
  const CallView& call = checked.view;
  const size_t position = PositionOf(HourOf(call.time_us));
  CallRows& rows = blocks_[position].calls;
  rows.weight.push_back(1);
  rows.time_us.push_back(call.time_us);
  rows.series.push_back(series);
  rows.run.push_back(NameOf(run, position));
  rows.event_ids.push_back(call.event_id);
  rows.event_fingerprint.push_back(checked.fingerprint);
  for (const size_t c : batch.usage_classes) {
    if (usage.counts[c] != 0) {
      rows.usage[c].resize(rows.size() - 1);
      rows.usage[c].push_back(usage.counts[c]);
    }
  }
  rows.duration_us.push_back(call.duration_us);
  rows.status.push_back(call.status);
  rows.cost_picos.push_back(cost.picos);
  AddFlags(call, cost, threshold, &rows);
  AddAttributes(batch, call, &indices_[position], &rows);
}

// Columns that are mostly zero were left short.
std::vector<Block> HourBlocks::Finish() {
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
  }
  return std::move(blocks_);
}

void HourBlocks::Add(CompletionRow row, GroupRun* run) {
  const size_t position = PositionOf(HourOf(row.time_us));
  row.run = NameOf(run, position);
  blocks_[position].completions.push_back(std::move(row));
}

}  // namespace itemized
