// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/rebuilt_store.h"

#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/kv/memory_kv.h"
#include "storage/kv/rocks_kv.h"
#include "storage/store/state.h"

namespace itemized::testing {
namespace {

using Rows = std::map<std::string, std::string>;

// Only the node that has a log of its own has rows of it, and each has a clock.
bool IsOfThisNode(Family family, absl::string_view key) {
  return family == Family::kMeta && (absl::StartsWith(key, keys::kEntries) ||
                                     key == keys::kVersion || key == keys::kTrustedTime);
}

// Rows that both stores must have: blocks that are too old are dropped when there is time.
Rows RowsOf(const Kv& kv, Family family, Hour first_hour) {
  Rows rows;
  auto row = kv.Scan(family, family == Family::kLog ? keys::BlocksOf(first_hour) : "", "");
  for (; row->Valid(); row->Next()) {
    if (!IsOfThisNode(family, row->key())) {
      rows.emplace(row->key(), row->value());
    }
  }
  CHECK_OK(row->status());
  return rows;
}

std::unique_ptr<State> Rebuild(const Recording& recording) {
  auto kv = std::make_unique<MemoryKv>();
  BlockStore blocks = BlockStore::Open(kv.get()).value();
  DatabaseOptions options;
  options.resident_runs_max = std::numeric_limits<size_t>::max();
  auto state = std::make_unique<State>(std::move(kv), std::move(blocks), options);
  const absl::Status applied =
      recording.Replay([&](const Entry& entry) { return state->Apply(entry); });
  CHECK_OK(applied);
  KvBatch rows;
  state->views.Checkpoint(Views::Scope::kAll, &rows);
  CHECK_OK(state->kv->Write(rows, /*sync=*/false));
  return state;
}

}  // namespace

std::vector<std::string> DifferencesOfRebuiltStore(const Recording& recording,
                                                   const std::string& directory) {
  const std::unique_ptr<State> rebuilt = Rebuild(recording);
  const std::unique_ptr<Kv> stored = OpenRocksKv(directory).value();
  std::vector<std::string> differences;
  for (int i = 0; i < kFamilyCount; ++i) {
    const auto family = static_cast<Family>(i);
    Rows expected = RowsOf(*stored, family, rebuilt->blocks.first_hour());
    for (const auto& [key, value] : RowsOf(*rebuilt->kv, family, rebuilt->blocks.first_hour())) {
      const auto row = expected.find(key);
      if (row == expected.end() || row->second != value) {
        differences.push_back(absl::StrCat("family ", i, ": the row ", absl::CHexEscape(key),
                                           row == expected.end() ? " was made up" : " differs"));
      }
      expected.erase(key);
    }
    for (const auto& [key, value] : expected) {
      differences.push_back(
          absl::StrCat("family ", i, ": the row ", absl::CHexEscape(key), " is missing"));
    }
  }
  return differences;
}

}  // namespace itemized::testing
