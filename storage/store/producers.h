// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far each producer has come, so that a batch sent again over another
// stream is told from a new one (storage/FORMAT.md, "Producers").

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/time.h"
#include "storage/kv/kv.h"
#include "storage/log/entry.h"
#include "storage/model/submission.h"

namespace itemized {

// A producer that has sent nothing and had no stream for longer than this is forgotten. Nothing
// else makes room, so what positions take on disk follows from how many producers send.
inline constexpr int64_t kProducerIdleMaxUs = 90 * kMicrosPerDay;
// How many of a producer's newest batches have their content remembered.
inline constexpr size_t kProducerContentsMax = 64;

// The positions of all producers. They are in the store, and in memory only while their producer
// has a session; a producer that only says Hello leaves nothing behind. Only the committer's thread
// uses it.
class Producers {
 public:
  // Owns neither; both outlive this.
  Producers(const Kv* kv, const Clock* clock);
  ~Producers();
  Producers(const Producers&) = delete;
  Producers& operator=(const Producers&) = delete;

  // Begins a session, which ends the one that the producer had. FAILED_PRECONDITION if a
  // higher epoch has been seen; DATA_LOSS or UNAVAILABLE if its row cannot be read. Not
  // between Take and the Apply or DropTaken that follows.
  absl::StatusOr<ProducerSession> Begin(const ProducerHello& hello);

  // Says what is to be done with `batch`. A new batch counts at once for those that Take sees after
  // it, and for AddRows and Begin only once its entry is applied. Errors: FAILED_PRECONDITION if
  // the session has ended; OUT_OF_RANGE, which names the sequence expected, after a gap;
  // ALREADY_EXISTS if the sequence is known with other content.
  enum class Turn : uint8_t { kNew, kKnown };
  absl::StatusOr<Turn> Take(const BatchPosition& batch);

  // Returns whether AddTo would add something.
  bool has_changes() const { return !staged_.empty() || !seen_.empty() || !forgotten_.empty(); }
  // Adds to `entry` the batches that were taken, and the producers that are forgotten.
  void AddTo(Entry* entry) const;
  // Forgets what was taken since the last Apply: its entry could not be written.
  void DropTaken() { staged_.clear(); }

  // Reads all rows of a store, as one entry would say them. Errors are those of Begin.
  static absl::StatusOr<std::vector<ProducerProgress>> ReadAll(const Kv& kv);

  // Adds the rows that `entry` changes to `batch`. Errors are those of Begin.
  absl::Status AddRows(const Entry& entry, KvBatch* batch) const;
  // Brings what is in memory up to `entry`, whose rows are written.
  void Apply(const Entry& entry);

 private:
  // What the row of a producer says.
  struct Position {
    uint64_t epoch = 0;
    uint64_t last_sequence = 0;  // 0 if nothing has come; there is no row then.
    int64_t last_seen_us = 0;
    std::deque<uint64_t> contents;  // Hashes of the newest batches, the last one last.
  };
  struct Session {
    uint64_t number = 0;
    Position position;  // What the row has, but for the time.
  };
  class EndedSessions;
  struct Lease;

  static void Advance(const ProducerProgress& progress, Position* position);
  static std::string Encode(const Position& position);
  static bool Decode(absl::string_view row, Position* position);
  absl::StatusOr<Position> Read(const ProducerId& id) const;
  absl::StatusOr<Position> Find(const ProducerId& id, int64_t now_us) const;
  void See(const ProducerId& id, int64_t now_us, Position* position);
  void CloseEnded();
  absl::Status ForgetSome(int64_t now_us);

  const Kv& kv_;
  const Clock& clock_;
  absl::flat_hash_map<ProducerId, Session> sessions_;  // Sessions that have not ended.
  absl::flat_hash_map<ProducerId, Position>
      staged_;  // Positions with batches that are in no applied entry.
  absl::flat_hash_map<ProducerId, Position> seen_;  // Rows of which only the time is new.
  absl::flat_hash_set<ProducerId> forgotten_;       // Their rows are to be deleted.
  uint64_t last_session_ = 0;
  std::string next_row_;                  // ForgetSome has looked at the rows before it.
  std::shared_ptr<EndedSessions> ended_;  // Shared with the leases, which may outlive this.
};

}  // namespace itemized
