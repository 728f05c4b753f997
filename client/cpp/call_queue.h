#pragma once

// The queue between the threads that record and the one that sends. Records
// gather in chunks, each of which becomes one batch.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "client/cpp/call.h"

namespace itemized::client {

// Records in the order they came; they are numbered from 0 over the tracer's life.
struct Chunk {
  uint64_t first_number = 0;
  std::vector<Call> calls;
  std::vector<Completion> completions;
  size_t bytes = 0;                                 // Memory held, estimated.
  std::chrono::steady_clock::time_point opened_at;  // When the first record came.

  size_t size() const { return calls.size() + completions.size(); }
};

// Memory that a record holds, estimated, bytes.
size_t RecordBytes(const Call& call);
size_t RecordBytes(const Completion& completion);

// Bounded by count and bytes of everything not yet settled, whether it is
// still in here or taken and on its way. Not thread-safe.
class CallQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Limits {
    size_t chunk_records = 0;
    size_t chunk_bytes = 0;
    std::chrono::nanoseconds chunk_age{0};
    size_t records = 0;
    size_t bytes = 0;
  };

  enum class PushResult {
    kFull,        // Not taken.
    kQueued,      // Taken; nothing to do.
    kWakeSender,  // Taken; it opened a chunk or filled one up.
  };

  explicit CallQueue(const Limits& limits) : limits_(limits) {}

  // `bytes` is RecordBytes(record), computed outside the caller's lock.
  PushResult Push(Call&& call, size_t bytes);
  PushResult Push(Completion&& completion, size_t bytes);

  // Whether a chunk is to be sent: full, old enough, or with a record whose
  // number is below `flush_through`.
  bool Due(TimePoint now, uint64_t flush_through) const;
  // When the open chunk becomes old enough; absent if it is empty.
  std::optional<TimePoint> NextDue() const;

  // Takes the oldest chunk, full or not. Requires !empty().
  Chunk Take();
  // Frees the room of records that are settled.
  void Release(size_t records, size_t bytes);
  // Gives the memory of an emptied chunk back for the next one.
  void Recycle(Chunk&& chunk);

  bool empty() const { return full_.empty() && open_.size() == 0; }
  uint64_t next_number() const { return next_number_; }  // Records ever taken.
  size_t held_records() const { return held_records_; }  // Recorded, not settled.

 private:
  template <typename Record>
  PushResult PushTo(std::vector<Record> Chunk::*records, Record&& record, size_t bytes);
  void Close();

  const Limits limits_;
  std::deque<Chunk> full_;
  Chunk open_;
  std::optional<Chunk> spare_;
  uint64_t next_number_ = 0;
  size_t held_records_ = 0;
  size_t held_bytes_ = 0;
};

}  // namespace itemized::client
