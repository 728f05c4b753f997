// SPDX-License-Identifier: Apache-2.0
#pragma once

// What HTTP clients may take of the server, and what was seen of it.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace itemized::server {

struct HttpLimits {
  size_t connections = 256;                       // Further ones: one gives way, or 503.
  uint32_t header_bytes = 16 << 10;               // 431 beyond it.
  uint64_t body_bytes = uint64_t{16} << 20;       // 413 beyond it, however it is transferred.
  uint64_t all_body_bytes = uint64_t{256} << 20;  // That have arrived of all requests; 503.
  // Of answers that are not charged to the memory, so that health and metrics are told when
  // there is none left.
  uint64_t small_answer_bytes = 64 << 10;
  uint64_t bytes_per_second = 16 << 10;       // That a body and an answer must move, on average.
  std::chrono::milliseconds timeout{30'000};  // What `bytes_per_second` is forgiven at first;
                                              // and how long a connection may do nothing.
  std::chrono::milliseconds head_timeout{10'000};    // For a whole header, from its first byte.
  std::chrono::milliseconds patience{1'000};         // With slow clients, when others have to wait.
  std::chrono::milliseconds answer_timeout{60'000};  // When questions are given up.
};

// Since the start. Thread-safe.
struct HttpCounters {
  std::atomic<int64_t> connections = 0;        // Open now.
  std::atomic<int64_t> refused = 0;            // Connections that got 503, for all were in use.
  std::atomic<int64_t> gave_way = 0;           // Idle or slow ones that were ended for others.
  std::atomic<int64_t> timed_out = 0;          // Ended, for they took too long.
  std::atomic<int64_t> accept_failures = 0;    // Such as: no file descriptor is left.
  std::atomic<int64_t> abandoned_answers = 0;  // Questions whose caller went before the answer.
};

}  // namespace itemized::server
