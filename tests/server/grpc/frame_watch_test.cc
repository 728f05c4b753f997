// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/frame_watch.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

using Verdict = FrameWatch::Verdict;

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kReset = 3;
constexpr uint8_t kPing = 6;
constexpr uint8_t kContinuation = 9;
constexpr uint8_t kEndStream = 1;

std::string BigEndian(size_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
  return text;
}

std::string Frame(uint8_t kind, uint8_t flags, uint32_t stream, const std::string& payload = "") {
  return BigEndian(payload.size(), 3) + static_cast<char>(kind) + static_cast<char>(flags) +
         BigEndian(stream, 4) + payload;
}

// Makes the beginning of a message of `size` bytes, with as many as `sent` of them.
std::string Message(size_t size, size_t sent) {
  return std::string(1, '\0') + BigEndian(size, 4) + std::string(sent, 'x');
}

class FrameWatchTest : public ::testing::Test {
 protected:
  FrameWatchTest() { EXPECT_EQ(Feed(kPreface), Verdict::kFine); }

  Verdict Feed(const std::string& bytes) {
    return watch_.Feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now_);
  }

  FrameWatch::Instant now_{std::chrono::hours(1)};
  FrameWatch watch_;
};

TEST_F(FrameWatchTest, MessagesCountUntilTheyAreWhole) {
  EXPECT_EQ(Feed(Frame(kHeaders, 4, 1, "h")), Verdict::kFine);
  EXPECT_EQ(Feed(Frame(kData, 0, 1, Message(100, 40))), Verdict::kFine);
  EXPECT_EQ(Feed(Frame(kData, 0, 3, Message(100, 10))), Verdict::kFine);
  EXPECT_EQ(watch_.unfinished_bytes(), 50);
  EXPECT_EQ(Feed(Frame(kData, 0, 1, std::string(60, 'x') + Message(7, 3))), Verdict::kFine);
  EXPECT_EQ(watch_.unfinished_bytes(), 13);
  EXPECT_EQ(Feed(Frame(kReset, 0, 3, "code")), Verdict::kFine);
  EXPECT_EQ(watch_.unfinished_bytes(), 3);
  EXPECT_EQ(Feed(Frame(kData, kEndStream, 1)), Verdict::kFine);
  EXPECT_EQ(watch_.unfinished_bytes(), 0);
}

// What is read from a socket ends anywhere.
TEST_F(FrameWatchTest, TheSameIsSeenByteByByte) {
  const std::string bytes = Frame(kHeaders, 4, 1, "h") + Frame(kData, 0, 1, Message(20, 20)) +
                            Frame(kData, 0, 1, Message(0, 0)) +
                            Frame(kData, 0, 1, Message(300, 250));
  for (const char byte : bytes) {
    ASSERT_EQ(Feed(std::string(1, byte)), Verdict::kFine);
  }
  EXPECT_EQ(watch_.unfinished_bytes(), 250);
  EXPECT_TRUE(watch_.has_begun());
}

TEST_F(FrameWatchTest, HeadersThatDoNotEndAreNoticed) {
  ASSERT_EQ(Feed(Frame(kHeaders, 0, 1, std::string(16'000, 'h'))), Verdict::kFine);
  int continuations = 0;
  while (continuations < 100 &&
         Feed(Frame(kContinuation, 0, 1, std::string(16'000, 'h'))) == Verdict::kFine) {
    ++continuations;
  }
  EXPECT_EQ(continuations, 3);
}

TEST_F(FrameWatchTest, ManyHeaderBlocksThatEndAreFine) {
  for (uint32_t stream = 1; stream < 100'000; stream += 2) {
    ASSERT_EQ(Feed(Frame(kHeaders, 4, stream, std::string(200, 'h'))), Verdict::kFine);
  }
}

TEST_F(FrameWatchTest, StreamsBegunAndResetAreNoticedAndAFewAreForgiven) {
  const FrameLimits limits;
  const auto reset = [&](uint32_t stream) {
    EXPECT_EQ(Feed(Frame(kHeaders, 4, stream, "h")), Verdict::kFine);
    return Feed(Frame(kReset, 0, stream, "code"));
  };
  uint32_t stream = 1;
  for (int i = 0; i < static_cast<int>(limits.idle_frames_max); ++i, stream += 2) {
    ASSERT_EQ(reset(stream), Verdict::kFine);
  }
  EXPECT_EQ(reset(stream), Verdict::kTooManyIdleFrames);
  // A client may send as many as that for ever.
  for (int i = 0; i < 10'000; ++i, stream += 2) {
    now_ += std::chrono::milliseconds(20);
    ASSERT_EQ(reset(stream), Verdict::kFine);
  }
}

TEST_F(FrameWatchTest, FramesWithoutContentAreNoticed) {
  for (const auto& frame : {Frame(kPing, 0, 0, "12345678"), Frame(kData, 0, 1)}) {
    FrameWatch watch;
    Verdict verdict = Verdict::kFine;
    std::string bytes = kPreface;
    for (int i = 0; i < 2'000 && verdict == Verdict::kFine; ++i) {
      bytes += frame;
    }
    verdict = watch.Feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now_);
    EXPECT_EQ(verdict, Verdict::kTooManyIdleFrames);
  }
}

TEST(FrameWatch, WhatIsNoHttp2IsLeftToGrpc) {
  FrameWatch watch;
  const std::string bytes(1 << 20, '\x09');
  EXPECT_EQ(watch.Feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()},
                       std::chrono::steady_clock::now()),
            Verdict::kFine);
  EXPECT_EQ(watch.unfinished_bytes(), 0);
}

}  // namespace
}  // namespace itemized::server
