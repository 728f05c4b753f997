// SPDX-License-Identifier: Apache-2.0
#pragma once

// FrameWatch sees the HTTP/2 frames of a client go by, and tells which clients make the server
// keep what they never finish. gRPC 1.51 has no limits for these: it keeps a header block for as
// long as it goes on, makes a call of every stream that is begun and reset, and takes the memory
// for a whole message once its length is announced.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace itemized::server {

struct FrameLimits {
  // The most bytes of a header block with its continuations. gRPC refuses metadata above
  // 8 KiB, but only when it is complete.
  size_t header_block_bytes = 64 << 10;
  // The most frames, at once and by the second, that cost the server work and bring nothing:
  // streams that are reset, pings, settings, priorities, empty data.
  double idle_frames_max = 1'000;
  double idle_frames_per_second = 100;
};

// Watches what the client of one connection sends. Not thread-safe.
class FrameWatch {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  enum class Verdict { kFine, kEndlessHeaders, kTooManyIdleFrames };

  explicit FrameWatch(FrameLimits limits = {}) : limits_(limits), tokens_(limits.idle_frames_max) {}

  // Has to be told all bytes in their order. What is no HTTP/2 is fine: gRPC refuses it.
  Verdict Feed(absl::Span<const uint8_t> bytes, Instant now);

  // Tells whether the client has begun a stream.
  bool has_begun() const { return has_begun_; }

  // Counts what has arrived of messages that are not complete.
  int64_t unfinished_bytes() const { return unfinished_bytes_; }

 private:
  static constexpr size_t kFrameHeaderBytes = 9;
  static constexpr size_t kMessagePrefixBytes = 5;

  // Follows the gRPC message that the data of a stream is in.
  struct Message {
    std::array<uint8_t, kMessagePrefixBytes> prefix{};
    size_t prefix_bytes = 0;
    int64_t received = 0;
    int64_t left = 0;
  };

  void SkipPreface(absl::Span<const uint8_t>* bytes);
  Verdict BeginFrame(Instant now);
  Verdict CountIdle(Instant now);
  void AddData(absl::Span<const uint8_t> bytes);
  void EndFrame();
  void Forget(uint32_t stream);

  const FrameLimits limits_;
  size_t preface_bytes_ = 0;  // So much of the preface has been seen.
  bool is_http2_ = true;
  bool has_begun_ = false;
  std::array<uint8_t, kFrameHeaderBytes> header_{};
  size_t header_bytes_ = 0;  // So much of the frame's header has been seen.
  size_t payload_left_ = 0;  // So much of the frame's payload is to come.
  size_t block_bytes_ = 0;   // The header block has so much so far.
  uint8_t kind_ = 0;
  uint8_t flags_ = 0;
  uint32_t stream_ = 0;
  double tokens_;
  Instant refilled_at_{};
  absl::flat_hash_map<uint32_t, Message>
      messages_;  // Streams are in it of which something has arrived.
  int64_t unfinished_bytes_ = 0;
};

}  // namespace itemized::server
