// SPDX-License-Identifier: Apache-2.0
#include "storage/query/run_page.h"

#include <algorithm>
#include <string>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/block/net_rows.h"

namespace itemized {
size_t BytesOf(const BilledCall& billed) {
  const Call& call = billed.call;
  size_t bytes = sizeof(BilledCall) + call.event_id.size() + call.workflow.size() +
                 call.workflow_id.size() + call.step.size() + call.provider.size() +
                 call.model.size();
  for (const auto& [key, value] : call.attributes) {
    bytes += sizeof(std::pair<std::string, std::string>) + key.size() + value.size();
  }
  return bytes;
}

namespace {

constexpr int64_t kAllShown = INT64_MAX;

// An id is one call's within its run, so that only calls without one need their content
// to be told apart.
RunKey KeyOf(const CallRows& rows, size_t row) {
  RunKey key{.time_us = rows.time_us[row], .event_id = std::string(rows.EventId(row))};
  if (!key.event_id.empty()) {
    return key;
  }
  std::string content = ContentOf(rows, row);
  if (!rows.attribute_set.empty()) {
    for (const auto& [name, value] : rows.attribute_sets[rows.attribute_set[row]]) {
      AppendSized(&content, rows.strings[name]);
      AppendSized(&content, rows.strings[value]);
    }
  }
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  key.content = {hash.high64, hash.low64};
  return key;
}

}  // namespace

RunPage::RunPage(const std::optional<RunPosition>& after, size_t calls_max, size_t bytes_max)
    : after_(after), calls_max_(calls_max), bytes_max_(bytes_max) {
  CHECK(calls_max > 0);
}

void RunPage::Add(const CallRows& rows, const Catalog& catalog) {
  for (size_t row = 0; row < rows.size(); ++row) {
    // Most rows that have no place here are told by their time.
    const int64_t time_us = rows.time_us[row];
    if ((after_.has_value() && time_us < after_->key.time_us) ||
        (last_.has_value() && time_us > last_->time_us)) {
      continue;
    }
    AddRow(rows, row, catalog);
  }
}

void RunPage::AddRow(const CallRows& rows, size_t row, const Catalog& catalog) {
  RunKey key = KeyOf(rows, row);
  if (after_.has_value() && key <= after_->key) {
    if (key == after_->key && after_->shown != kAllShown) {
      Count(rows, row, catalog, &at_position_);
    }
    return;
  }
  if (last_.has_value() && *last_ < key) {
    return;
  }
  const auto found = kept_.try_emplace(std::move(key)).first;
  Alike& alike = found->second;
  bytes_ -= alike.bytes;
  Count(rows, row, catalog, &alike);
  if (alike.count == 0) {
    kept_.erase(found);
    return;
  }
  bytes_ += alike.bytes;
  Trim();
}

void RunPage::Count(const CallRows& rows, size_t row, const Catalog& catalog, Alike* alike) {
  alike->count += rows.weight[row];
  if (rows.weight[row] > 0) {
    alike->call = ToBilledCall(rows, row, catalog);
    alike->bytes = BytesOf(alike->call);
  }
}

void RunPage::Trim() {
  while (kept_.size() > 1 && IsFull()) {
    const auto behind = std::prev(kept_.end());
    bytes_ -= behind->second.bytes;
    kept_.erase(behind);
    last_ = std::prev(kept_.end())->first;
  }
}

bool RunPage::TakeAlike(const RunKey& key, const Alike& alike, int64_t shown,
                        std::vector<BilledCall>* calls, std::optional<RunPosition>* position) {
  for (; shown < alike.count; ++shown) {
    const bool fits = taken_ < calls_max_ && bytes_taken_ + alike.bytes <= bytes_max_;
    if (taken_ > 0 && !fits) {
      return false;
    }
    calls->push_back(alike.call);
    ++taken_;
    bytes_taken_ += alike.bytes;
    *position = {.key = key, .shown = key.event_id.empty() ? shown + 1 : kAllShown};
  }
  return true;
}

bool RunPage::Take(std::vector<BilledCall>* calls, std::optional<RunPosition>* position) {
  if (after_.has_value() && !TakeAlike(after_->key, at_position_, after_->shown, calls, position)) {
    return true;
  }
  for (const auto& [key, alike] : kept_) {
    if (!TakeAlike(key, alike, 0, calls, position)) {
      return true;
    }
  }
  if (last_.has_value()) {
    // All up to there was kept; of that some may have been taken out again since.
    *position = {.key = *last_, .shown = kAllShown};
  }
  return last_.has_value();
}

}  // namespace itemized
