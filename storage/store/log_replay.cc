// SPDX-License-Identifier: Apache-2.0
#include "storage/store/log_replay.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/match.h"

#include "storage/base/status_macros.h"
#include "storage/kv/keys.h"
#include "storage/kv/memory_kv.h"

namespace itemized {

bool IsNotOfEntries(absl::string_view key) {
  return absl::StartsWith(key, keys::kEntries) || key == keys::kVersion ||
         key == keys::kTrustedTime;
}

LogReplay::LogReplay(const State& state)
    : pin_(state.pin),
      kv_(*state.kv),
      log_(*state.log),
      first_(state.log->first()),
      last_(state.views.folded().entry),
      first_hour_(state.blocks.first_hour()),
      known_(kv_.Scan(Family::kMeta, "", "")) {}

absl::StatusOr<std::unique_ptr<State>> LogReplay::NewStore(const DatabaseOptions& options) {
  DatabaseOptions in_memory;
  in_memory.clock = options.clock;
  in_memory.resident_runs_max = std::numeric_limits<size_t>::max();
  auto rows = std::make_unique<MemoryKv>();
  if (first_ == 1) {
    return std::make_unique<State>(std::move(rows), BlockStore::Borrow(&kv_), in_memory);
  }
  KvBatch known;
  for (KvIterator& stored = *known_; stored.Valid(); stored.Next()) {
    if (!IsNotOfEntries(stored.key()) && !absl::StartsWith(stored.key(), keys::kProducers)) {
      known.Put(Family::kMeta, std::string(stored.key()), std::string(stored.value()));
    }
  }
  RETURN_IF_ERROR(known_->status());
  known_.reset();
  RETURN_IF_ERROR(rows->Write(known, /*sync=*/false));
  auto store = std::make_unique<State>(std::move(rows), BlockStore::Borrow(&kv_), in_memory);
  RETURN_IF_ERROR(store->LoadRows());
  store->views.BeginBehind(first_ - 1);
  return store;
}

}  // namespace itemized
