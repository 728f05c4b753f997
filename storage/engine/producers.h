// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far each producer has come, so that a batch sent again over another
// stream is told from a new one (storage/FORMAT.md, "Producers").

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/time.h"
#include "storage/kv/kv.h"
#include "storage/model/submission.h"

namespace itemized {

// A producer that has been idle for longer is forgotten.
inline constexpr int64_t kProducerIdleMaxUs = 90 * kMicrosPerDay;
// Beyond as many producers, those idle for longest are forgotten.
inline constexpr size_t kProducersMax = 20'000;
// Batches of a producer, the newest ones, whose content is remembered.
inline constexpr size_t kProducerContentsMax = 64;

// The committer's thread only.
class Producers {
 public:
  // Reads all rows. DATA_LOSS if malformed.
  absl::Status Load(const Kv& kv);

  // Begins a session; it ends those that the producer had. FAILED_PRECONDITION
  // if a higher epoch has been seen.
  absl::StatusOr<ProducerSession> Begin(const ProducerHello& hello, int64_t now_us);

  // What is to be done with the batch at `position`. A new one counts at once
  // for those after it, for others only with Settle(true). Errors:
  // FAILED_PRECONDITION if the session has ended; OUT_OF_RANGE names the sequence
  // expected; ALREADY_EXISTS if the sequence is known with other content.
  enum class Turn : uint8_t { kNew, kKnown };
  absl::StatusOr<Turn> Take(const BatchPosition& position, int64_t now_us);

  // Whether Save has something to write.
  bool has_changes() const { return !staged_.empty() || !forgotten_.empty(); }
  // Adds to `batch` what was taken since the last Settle.
  void Save(KvBatch* batch) const;
  // To be called when the batch of the last Save is on disk, or has failed.
  void Settle(bool saved);

  size_t size() const { return producers_.size(); }

 private:
  struct Producer {
    uint64_t session = 0;
    uint64_t epoch = 0;
    uint64_t last_sequence = 0;
    int64_t last_seen_us = 0;
    std::deque<uint64_t> contents;  // Of the newest sequences, the last one last.
  };
  static std::string Encode(const Producer& producer);
  static bool Decode(absl::string_view row, Producer* producer);
  void ForgetIdle(int64_t now_us);

  absl::flat_hash_map<ProducerId, Producer> producers_;
  absl::flat_hash_map<ProducerId, Producer> staged_;
  std::vector<ProducerId> forgotten_;  // Their rows are to be deleted.
  uint64_t last_session_ = 0;
  int64_t forget_at_us_ = 0;
};

}  // namespace itemized
