// SPDX-License-Identifier: Apache-2.0
#pragma once

// The table has the sockets that gRPC reads from, by descriptor, for all servers of the
// process: whoever reads knows no more of them than that.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include <sys/types.h>

#include "server/api/log_sampler.h"
#include "server/api/memory_budget.h"
#include "server/grpc/frame_watch.h"
#include "storage/base/mutex.h"

namespace itemized::server {

// Refers to what one call to the system has read, in its pieces.
using ReadBytes = absl::InlinedVector<absl::Span<const uint8_t>, 4>;

// Holds what is known of one socket. Thread-safe.
class WatchedSocket {
 public:
  using Instant = FrameWatch::Instant;

  WatchedSocket(int fd, std::string host, MemoryBudget& memory);

  // Tells whether the descriptor is still this socket: gRPC closes it, and numbers come again.
  bool is_open() const;
  // Tells gRPC that the client is gone, so that it closes the socket.
  void Shut() const;

  FrameWatch::Verdict Read(const ReadBytes& read);
  // Charges the budget for the unfinished messages. Returns false if it has not so much.
  bool Pay();
  // Gives back what was charged, and charges nothing any more.
  void Forget();

  int64_t unfinished_bytes() const;
  // Tells whether the client has begun a stream.
  bool has_begun() const;
  Instant read_at() const;
  const std::string& host() const { return host_; }
  const MemoryBudget& memory() const { return memory_; }
  bool pays_from(const MemoryBudget& memory) const { return &memory_ == &memory; }

 private:
  const int fd_;
  const std::string host_;  // It has no port.
  MemoryBudget& memory_;
  ino_t inode_ = 0;
  mutable Mutex mutex_;
  FrameWatch watch_ ABSL_GUARDED_BY(mutex_);
  MemoryBudget::Charge charge_ ABSL_GUARDED_BY(mutex_);
  bool is_forgotten_ ABSL_GUARDED_BY(mutex_) = false;
  Instant read_at_ ABSL_GUARDED_BY(mutex_) = std::chrono::steady_clock::now();
};

// Finds sockets by their descriptor, and chooses among those of one server. Thread-safe.
class SocketTable {
 public:
  static SocketTable& Get();

  void Add(int fd, std::string host, MemoryBudget& memory);
  // Counts the open sockets that pay from `memory`.
  size_t CountOpen(const MemoryBudget& memory);
  // Shuts the socket that can be missed best: it began no stream, belongs to the host with the
  // most connections, and has said nothing for longest. Returns false if all have just said
  // something.
  bool ShutIdlest(const MemoryBudget& memory);
  // Forgets the sockets that pay from `memory`.
  void Remove(const MemoryBudget& memory);

  // Takes note of what was read from any descriptor of the process; if that is nothing, the
  // connection has ended. Returns false if the client is to be cut off.
  bool Read(int fd, const ReadBytes& read);

 private:
  using Socket = std::shared_ptr<WatchedSocket>;

  Socket Find(int fd) const;
  void RemoveClosed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Erase(int fd);
  void CutOff(const WatchedSocket& socket, FrameWatch::Verdict verdict);
  // Shuts the socket with the most unfinished bytes, and gives back what they took.
  void FreeMemory(const MemoryBudget& memory);

  LogSampler cut_off_{};
  LogSampler no_memory_{};
  mutable Mutex mutex_;
  absl::flat_hash_map<int, Socket> sockets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized::server
