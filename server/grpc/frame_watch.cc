// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/frame_watch.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/string_view.h"

namespace itemized::server {
namespace {

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113 has these kinds of frames and their flags.
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kPriority = 2;
constexpr uint8_t kReset = 3;
constexpr uint8_t kSettings = 4;
constexpr uint8_t kPing = 6;
constexpr uint8_t kContinuation = 9;
constexpr uint8_t kEndStream = 0x1;

uint32_t ReadBigEndian(const uint8_t* bytes, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    value = value << 8 | bytes[i];
  }
  return value;
}

}  // namespace

FrameWatch::Verdict FrameWatch::Feed(absl::Span<const uint8_t> bytes, Instant now) {
  SkipPreface(&bytes);
  while (is_http2_ && !bytes.empty()) {
    if (header_bytes_ < kFrameHeaderBytes) {
      const size_t taken = std::min(bytes.size(), kFrameHeaderBytes - header_bytes_);
      std::memcpy(&header_[header_bytes_], bytes.data(), taken);
      header_bytes_ += taken;
      bytes.remove_prefix(taken);
      if (header_bytes_ < kFrameHeaderBytes) {
        break;
      }
      if (const Verdict verdict = BeginFrame(now); verdict != Verdict::kFine) {
        return verdict;
      }
    }
    const size_t taken = std::min(bytes.size(), payload_left_);
    if (kind_ == kData) {
      AddData(bytes.subspan(0, taken));
    }
    payload_left_ -= taken;
    bytes.remove_prefix(taken);
    if (payload_left_ == 0) {
      EndFrame();
    }
  }
  return Verdict::kFine;
}

void FrameWatch::SkipPreface(absl::Span<const uint8_t>* bytes) {
  while (is_http2_ && preface_bytes_ < kPreface.size() && !bytes->empty()) {
    is_http2_ = bytes->front() == static_cast<uint8_t>(kPreface[preface_bytes_++]);
    bytes->remove_prefix(1);
  }
}

FrameWatch::Verdict FrameWatch::BeginFrame(Instant now) {
  payload_left_ = ReadBigEndian(header_.data(), 3);
  kind_ = header_[3];
  flags_ = header_[4];
  stream_ = ReadBigEndian(&header_[5], 4) & 0x7fffffff;
  switch (kind_) {
    case kHeaders:
      has_begun_ = true;
      [[fallthrough]];
    case kContinuation:
      block_bytes_ = (kind_ == kHeaders ? 0 : block_bytes_) + kFrameHeaderBytes + payload_left_;
      return block_bytes_ > limits_.header_block_bytes ? Verdict::kEndlessHeaders : Verdict::kFine;
    case kData:
      return payload_left_ == 0 && (flags_ & kEndStream) == 0 ? CountIdle(now) : Verdict::kFine;
    case kReset:
      Forget(stream_);
      return CountIdle(now);
    case kPriority:
    case kSettings:
    case kPing:
      return CountIdle(now);
    default:
      return Verdict::kFine;
  }
}

FrameWatch::Verdict FrameWatch::CountIdle(Instant now) {
  const std::chrono::duration<double> passed = now - refilled_at_;
  refilled_at_ = now;
  tokens_ =
      std::min(limits_.idle_frames_max, tokens_ + passed.count() * limits_.idle_frames_per_second);
  tokens_ -= 1;
  return tokens_ < 0 ? Verdict::kTooManyIdleFrames : Verdict::kFine;
}

// Messages follow one another. Each has a byte of flags, four of length, and so many bytes.
void FrameWatch::AddData(absl::Span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    Message& message = messages_[stream_];
    if (message.prefix_bytes < kMessagePrefixBytes) {
      message.prefix[message.prefix_bytes++] = bytes.front();
      bytes.remove_prefix(1);
      if (message.prefix_bytes == kMessagePrefixBytes) {
        message.left = ReadBigEndian(&message.prefix[1], 4);
      }
    } else {
      const size_t taken = std::min(bytes.size(), static_cast<size_t>(message.left));
      message.left -= static_cast<int64_t>(taken);
      message.received += static_cast<int64_t>(taken);
      unfinished_bytes_ += static_cast<int64_t>(taken);
      bytes.remove_prefix(taken);
    }
    if (message.prefix_bytes == kMessagePrefixBytes && message.left == 0) {
      Forget(stream_);
    }
  }
}

void FrameWatch::EndFrame() {
  header_bytes_ = 0;
  if (kind_ == kData && (flags_ & kEndStream) != 0) {
    Forget(stream_);
  }
}

void FrameWatch::Forget(uint32_t stream) {
  const auto found = messages_.find(stream);
  if (found != messages_.end()) {
    unfinished_bytes_ -= found->second.received;
    messages_.erase(found);
  }
}

}  // namespace itemized::server
