#include "client/cpp/call_queue.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace itemized::client {
namespace {

using PushResult = CallQueue::PushResult;
using std::chrono::hours;
using std::chrono::steady_clock;

constexpr CallQueue::Limits kLimits = {
    .chunk_records = 3, .chunk_bytes = 1000, .chunk_age = hours(1), .records = 5, .bytes = 2000};

PushResult PushCall(CallQueue& queue, const std::string& step, size_t bytes = 10) {
  return queue.Push(Call{.step = step}, bytes);
}

TEST(CallQueue, WakesTheSenderWhenAChunkOpensAndWhenItFills) {
  CallQueue queue(kLimits);
  EXPECT_EQ(PushCall(queue, "a"), PushResult::kWakeSender);
  EXPECT_EQ(PushCall(queue, "b"), PushResult::kQueued);
  EXPECT_EQ(PushCall(queue, "c"), PushResult::kWakeSender);
}

TEST(CallQueue, AChunkIsDueWhenItIsFull) {
  CallQueue queue(kLimits);
  PushCall(queue, "a");
  queue.Push(Completion{}, 10);
  EXPECT_FALSE(queue.Due(steady_clock::now(), 0));
  PushCall(queue, "b");
  EXPECT_TRUE(queue.Due(steady_clock::now(), 0));
  const Chunk chunk = queue.Take();
  EXPECT_EQ(chunk.calls.size(), 2u);
  EXPECT_EQ(chunk.completions.size(), 1u);
}

TEST(CallQueue, AChunkIsDueWhenItsBytesAreMany) {
  CallQueue queue(kLimits);
  PushCall(queue, "a", 999);
  EXPECT_FALSE(queue.Due(steady_clock::now(), 0));
  PushCall(queue, "b", 1);
  EXPECT_TRUE(queue.Due(steady_clock::now(), 0));
}

TEST(CallQueue, AChunkIsDueWhenItIsOld) {
  CallQueue queue(kLimits);
  EXPECT_FALSE(queue.NextDue().has_value());
  PushCall(queue, "a");
  ASSERT_TRUE(queue.NextDue().has_value());
  EXPECT_FALSE(queue.Due(*queue.NextDue() - hours(1), 0));
  EXPECT_TRUE(queue.Due(*queue.NextDue(), 0));
}

TEST(CallQueue, AFlushMakesDueWhatCameBeforeIt) {
  CallQueue queue(kLimits);
  PushCall(queue, "a");
  const uint64_t through = queue.next_number();
  EXPECT_TRUE(queue.Due(steady_clock::now(), through));
  queue.Take();
  PushCall(queue, "b");
  EXPECT_FALSE(queue.Due(steady_clock::now(), through));
}

TEST(CallQueue, NumbersRecordsAcrossChunks) {
  CallQueue queue(kLimits);
  for (const char* step : {"a", "b", "c", "d"}) {
    PushCall(queue, step);
  }
  EXPECT_EQ(queue.Take().first_number, 0u);
  EXPECT_EQ(queue.Take().first_number, 3u);
  EXPECT_TRUE(queue.empty());
}

TEST(CallQueue, CountsWhatIsTakenButNotSettledAgainstTheBound) {
  CallQueue queue(kLimits);
  for (int i = 0; i < 5; ++i) {
    EXPECT_NE(PushCall(queue, "a"), PushResult::kFull);
  }
  const Chunk chunk = queue.Take();
  EXPECT_EQ(PushCall(queue, "b"), PushResult::kFull);
  queue.Release(chunk.size(), chunk.bytes);
  EXPECT_NE(PushCall(queue, "b"), PushResult::kFull);
  EXPECT_EQ(queue.held_records(), 3u);
}

TEST(CallQueue, BoundsTheBytes) {
  CallQueue queue(kLimits);
  EXPECT_NE(PushCall(queue, "a", 1990), PushResult::kFull);
  EXPECT_EQ(PushCall(queue, "b", 11), PushResult::kFull);
  EXPECT_NE(PushCall(queue, "c", 10), PushResult::kFull);
}

TEST(CallQueue, CountsEveryStringOfARecord) {
  const size_t empty = RecordBytes(Call{});
  EXPECT_EQ(RecordBytes(Call{.event_id = "12",
                             .workflow = "3",
                             .workflow_id = "456",
                             .step = "7",
                             .provider = "89",
                             .model = "0"}),
            empty + 10);
  EXPECT_GE(RecordBytes(Call{.attributes = {{"key", "value"}}}), empty + 8);
  EXPECT_GE(RecordBytes(Completion{.workflow_id = "abc", .unused_steps = {"defgh"}}),
            RecordBytes(Completion{}) + 8);
}

}  // namespace
}  // namespace itemized::client
