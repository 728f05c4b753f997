// SPDX-License-Identifier: Apache-2.0
#pragma once

// This header says what HTTP clients may take of the server, and counts what was seen of it.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace itemized::server {

struct HttpLimits {
  // The most connections at a time. Beyond it one gives way, or the newcomer gets 503.
  size_t connections = 256;
  // A longer header is refused with 431, and a longer body with 413, however it is transferred.
  uint32_t header_bytes = 16 << 10;
  uint64_t body_bytes = uint64_t{16} << 20;
  // The most that the bodies of all requests may hold together. Beyond it one gives way, or the
  // newcomer gets 503.
  uint64_t all_body_bytes = uint64_t{256} << 20;
  // Answers up to this size are not charged to the memory, so that health and metrics are told
  // when there is none left.
  uint64_t small_answer_bytes = 64 << 10;
  // A body and an answer must move at this rate on average, once `timeout` has passed.
  uint64_t bytes_per_second = 16 << 10;
  // A connection that does nothing for this long is closed.
  std::chrono::milliseconds timeout{30'000};
  // A header must be complete this soon after its first byte.
  std::chrono::milliseconds head_timeout{10'000};
  // A slow client is ended after this long if others have to wait.
  std::chrono::milliseconds patience{1'000};
  // A question is given up after this long.
  std::chrono::milliseconds answer_timeout{60'000};
};

// Counts since the start. Thread-safe.
struct HttpCounters {
  std::atomic<int64_t> connections = 0;        // They are open now.
  std::atomic<int64_t> refused = 0;            // They got 503, for all were in use.
  std::atomic<int64_t> gave_way = 0;           // They were idle or slow, and ended for others.
  std::atomic<int64_t> timed_out = 0;          // They ended, for they took too long.
  std::atomic<int64_t> accept_failures = 0;    // One fails if no file descriptor is left.
  std::atomic<int64_t> abandoned_answers = 0;  // Their callers went before the answer.
};

}  // namespace itemized::server
